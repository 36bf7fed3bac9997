import HTTPSemantics
import Testing

@Suite struct ByteRangeTests {
    @Test func aRangeHoldsItsFirstByteAndNotItsUpperBound() {
        let range = ByteRange(2, 5)
        #expect(range.count == 3)
        #expect([1, 2, 4, 5].map { range.contains($0) } == [false, true, true, false])
        #expect(range.contains(ByteRange(2, 5)) && range.contains(ByteRange(9, 9)))
        #expect(!range.contains(ByteRange(4, 6)))
    }

    @Test(
        arguments: [(0, 2, false), (0, 3, true), (4, 9, true), (5, 9, false), (3, 4, true), (3, 3, false)]
            as [(Int64, Int64, Bool)])
    func rangesOverlapWhenTheyShareAByte(lower: Int64, upper: Int64, overlaps: Bool) {
        #expect(ByteRange(2, 5).overlaps(ByteRange(lower, upper)) == overlaps)
        #expect(ByteRange(lower, upper).overlaps(ByteRange(2, 5)) == overlaps)
    }

    @Test func clampingKeepsTheSharedBytes() {
        let limits = ByteRange(10, 20)
        #expect(ByteRange(0, 15).clamped(to: limits) == ByteRange(10, 15))
        #expect(ByteRange(12, 30).clamped(to: limits) == ByteRange(12, 20))
        #expect(ByteRange(0, 5).clamped(to: limits) == ByteRange(10, 10))
        #expect(ByteRange(25, 30).clamped(to: limits) == ByteRange(20, 20))
    }
}

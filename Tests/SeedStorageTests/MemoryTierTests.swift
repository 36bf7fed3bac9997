import SeedSupport
import Testing

@testable import SeedStorage

@Suite("Memory tier")
struct MemoryTierTests {
    private func bytes(_ count: Int, _ value: UInt8 = 1) -> Bytes {
        Bytes(repeatElement(value, count: count))
    }

    @Test("it never holds more than its capacity; unread blocks go first")
    func bounded() throws {
        let tier = MemoryTier(capacity: 1_000)
        let blocks = try (0..<10).map { try #require(tier.admit(bytes(100, UInt8($0)))) }
        #expect(tier.usedBytes == 1_000)
        for number in [0, 1, 3] { #expect(blocks[number].slice(at: 10, count: 5) == bytes(5, UInt8(number))) }
        let more = try (0..<3).map { _ in try #require(tier.admit(bytes(100))) }
        #expect(tier.usedBytes == 1_000)
        #expect((0..<10).filter { blocks[$0].slice(at: 0, count: 1) == nil } == [2, 4, 5])
        #expect(more.allSatisfy { $0.slice(at: 0, count: 100) != nil })
        #expect(tier.admit(bytes(1_001)) == nil)
    }

    @Test("a block that its owner lets go of gives its memory back at once")
    func letGo() throws {
        let tier = MemoryTier(capacity: 1_000)
        var block = tier.admit(bytes(600))
        #expect(tier.usedBytes == 600)
        let slice = try #require(block?.slice(at: 0, count: 600))
        block = nil
        #expect(tier.usedBytes == 0)
        #expect(slice == bytes(600))
        for _ in 0..<10_000 { _ = tier.admit(bytes(1)) }
        #expect(tier.usedBytes == 0)
    }

    @Test(
        "in comes what is read again after a while: a walk over everything gets nothing in, nor does one client's pass")
    func door() {
        var door = Doorkeeper(blocks: 1_000)
        for block in 0..<1_000 as Range<UInt64> {
            for part in 0..<4 as Range<UInt32> {
                let isAdmitted = door.admits(block &* 0x9E37_79B9_7F4A_7C15, now: UInt32(block) * 10 + part)
                #expect(!isAdmitted)
            }
        }
        let early = door.admits(999 &* 0x9E37_79B9_7F4A_7C15, now: 11_000)
        let late = door.admits(999 &* 0x9E37_79B9_7F4A_7C15, now: 12_000)
        #expect(!early && late)
        // Said once for the reads that lie together.
        let next = door.admits(999 &* 0x9E37_79B9_7F4A_7C15, now: 12_001)
        #expect(!next)
    }

    @Test("the clock may wrap around")
    func wraps() {
        var door = Doorkeeper(blocks: 1)
        let first = door.admits(7, now: .max - 100)
        let second = door.admits(7, now: 100)
        let third = door.admits(7, now: 3_000)
        #expect(!first && !second && third)
    }

    @Test("the memory limit is positive and not above the machine's")
    func limit() {
        #expect((1...(1 << 50)).contains(MemoryLimit.bytes))
    }
}

import DragonflyIdentity
import HTTPSemantics
import Testing

@Suite struct PieceLayoutTests {
    static let mebi: Int64 = 1 << 20
    static let gibi: Int64 = 1 << 30

    /// Dragonfly's own table: content length, piece length, number of pieces, length of the last one.
    static let table: [(Int64, Int64, Int, Int64)] = [
        (0, 4 * mebi, 0, 0),
        (1, 4 * mebi, 1, 1),
        (4 * mebi, 4 * mebi, 1, 4 * mebi),
        (4 * mebi + 1, 4 * mebi, 2, 1),
        (100 * mebi, 4 * mebi, 25, 4 * mebi),
        (gibi, 4 * mebi, 256, 4 * mebi),
        (2_097_152_499, 4 * mebi, 501, 499),
        (2_097_152_500, 8 * mebi, 251, 500),
        (2 * gibi, 8 * mebi, 256, 8 * mebi),
        (4_194_304_499, 8 * mebi, 501, 499),
        (4_194_304_500, 16 * mebi, 251, 500),
        (4 * gibi, 16 * mebi, 256, 16 * mebi),
        (8_388_608_499, 16 * mebi, 501, 499),
        (8_388_608_500, 32 * mebi, 251, 500),
        (8 * gibi, 32 * mebi, 256, 32 * mebi),
        (16_777_216_499, 32 * mebi, 501, 499),
        (16_777_216_500, 64 * mebi, 251, 500),
        (20 * gibi, 64 * mebi, 320, 64 * mebi),
        (33_554_432_000, 64 * mebi, 500, 64 * mebi),
        (64 * gibi, 64 * mebi, 1024, 64 * mebi),
        (100 * gibi, 64 * mebi, 1600, 64 * mebi),
        (1024 * gibi, 64 * mebi, 16384, 64 * mebi),
    ]

    @Test(arguments: table)
    func theFormulaIsDragonflys(contentLength: Int64, pieceLength: Int64, count: Int, last: Int64) {
        let layout = PieceLayout(contentLength: contentLength)
        #expect(layout.pieceLength == pieceLength)
        #expect(layout.pieceCount == count)
        if count > 0 { #expect(layout.range(of: count - 1).count == last) }
    }

    @Test(arguments: [(1000, 300), (1000, 1000), (1000, 1), (1000, 1001), (999, 333), (1, .max)] as [(Int64, Int64)])
    func piecesCoverTheObjectWithoutGapOrOverlap(contentLength: Int64, pieceLength: Int64) {
        let layout = PieceLayout(contentLength: contentLength, pieceLength: pieceLength)
        var end: Int64 = 0
        for piece in 0..<layout.pieceCount {
            let range = layout.range(of: piece)
            #expect(range.lowerBound == end && !range.isEmpty)
            #expect(layout.piece(at: range.lowerBound) == piece && layout.piece(at: range.upperBound - 1) == piece)
            end = range.upperBound
        }
        #expect(end == contentLength)
    }

    @Test(
        arguments: [
            (0, 0, 0..<0), (0, 1, 0..<1), (0, 300, 0..<1), (0, 301, 0..<2), (299, 301, 0..<2), (300, 600, 1..<2),
            (900, 1000, 3..<4), (0, 1000, 0..<4), (450, 450, 1..<1), (1000, 1000, 3..<3),
        ] as [(Int64, Int64, Range<Int>)])
    func aRangeNeedsThePiecesItTouches(lower: Int64, upper: Int64, pieces: Range<Int>) {
        let layout = PieceLayout(contentLength: 1000, pieceLength: 300)
        #expect(layout.pieces(covering: ByteRange(lower, upper)) == pieces)
    }

    @Test func theLargestObjectHasALayout() {
        let layout = PieceLayout(contentLength: .max)
        #expect(layout.pieceLength == 64 << 20)
        #expect(layout.range(of: layout.pieceCount - 1).upperBound == .max)
    }
}

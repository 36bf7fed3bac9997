import DragonflyIdentity
import HTTPSemantics
import Testing

@testable import SeedStorage

@Suite("Blocks")
struct BlockTests {
    @Test(
        "the grid restarts at each piece, so the last block of a piece is short when the piece is no multiple of 256 KiB"
    )
    func gridRestarts() {
        let grid = BlockGrid(PieceLayout(contentLength: 2_500_000, pieceLength: 1_000_000))
        #expect(grid.blocksPerPiece == 4)
        #expect(grid.blocks(inPiece: 0) == 4)
        #expect(grid.blocks(inPiece: 2) == 2)
        #expect(grid.range(of: BlockIndex(piece: 0, block: 3)) == ByteRange(786_432, 1_000_000))
        #expect(grid.range(of: BlockIndex(piece: 1, block: 0)) == ByteRange(1_000_000, 1_262_144))
        #expect(grid.range(of: BlockIndex(piece: 2, block: 1)) == ByteRange(2_262_144, 2_500_000))
        #expect(grid.block(at: 999_999) == BlockIndex(piece: 0, block: 3))
        #expect(grid.block(at: 1_000_000) == BlockIndex(piece: 1, block: 0))
    }

    @Test(
        "the blocks of an object lie side by side and cover every byte once",
        arguments: [1, 262_144, 262_145, 1_000_000])
    func gridCovers(pieceLength: Int64) {
        let length: Int64 = pieceLength < 100 ? 50 : 2_500_001
        let grid = BlockGrid(PieceLayout(contentLength: length, pieceLength: pieceLength))
        var end: Int64 = 0
        for index in grid.blocks(covering: ByteRange(0, length)) {
            let range = grid.range(of: index)
            #expect(range.lowerBound == end && !range.isEmpty)
            #expect(grid.block(at: range.lowerBound) == index && grid.block(at: range.upperBound - 1) == index)
            end = range.upperBound
        }
        #expect(end == length)
    }

    @Test("the blocks that cover a range are those that hold a byte of it")
    func covering() {
        let grid = BlockGrid(PieceLayout(contentLength: 2_500_000, pieceLength: 1_000_000))
        let walk = grid.blocks(covering: ByteRange(999_999, 1_262_145)).map { [$0.piece, $0.block] }
        #expect(walk == [[0, 3], [1, 0], [1, 1]])
        #expect(grid.blocks(covering: ByteRange(5, 5)).map { $0 } == [])
        #expect(grid.blocks(covering: ByteRange(999_999, 1_262_145), inPiece: 1) == BlockSet(0..<2))
        #expect(grid.blocks(covering: ByteRange(0, 10), inPiece: 1).isEmpty)
        #expect(grid.byteCount(of: BlockSet([0, 3]), inPiece: 0) == 262_144 + 213_568)
    }

    @Test("a 64 MiB piece has exactly the 256 blocks of a set")
    func longestPiece() {
        let grid = BlockGrid(PieceLayout(contentLength: 64 << 20, pieceLength: 64 << 20))
        #expect(grid.allBlocks(inPiece: 0).count == 256)
        #expect(grid.allBlocks(inPiece: 0).runs == [0..<256])
        #expect(grid.allBlocks(inPiece: 0).firstMissing() == nil)
    }

    @Test("a block set does what a set of numbers does")
    func algebra() {
        let a = BlockSet([0, 1, 63, 64, 65, 128, 255])
        let b = BlockSet(64..<200)
        #expect(a.count == 7 && Array(a) == [0, 1, 63, 64, 65, 128, 255])
        #expect(a.contains(255) && !a.contains(254))
        #expect(Array(a.intersection(b)) == [64, 65, 128])
        #expect(Array(a.subtracting(b)) == [0, 1, 63, 255])
        #expect(a.union(b).count == 7 + 136 - 3)
        #expect(a.union(b).isSuperset(of: a) && !a.isSuperset(of: b))
        #expect(a.subtracting(b).isDisjoint(with: b))
        #expect(a.runs == [0..<2, 63..<66, 128..<129, 255..<256])
        #expect(a.firstIndex(from: 2) == 63 && a.firstIndex(from: 256) == nil && a.firstMissing() == 2)
        #expect(BlockSet(0..<0).isEmpty && BlockSet(64..<64).isEmpty)
    }

    @Test("the checksum is the CRC-32 of zlib")
    func knownAnswers() {
        #expect(crc(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(crc([]) == 0)
        #expect(crc([0, 0, 0, 0]) == 0x2144_DF1C)
    }

    @Test("the checksums of neighbours combine to the checksum of the whole")
    func combine() {
        let bytes = pattern(300_000)
        for cut in [0, 1, 150_000, 262_144, 300_000] {
            let (a, b) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            #expect(Checksum.combine(crc(a), crc(b), lengthOfB: Int64(b.count)) == crc(bytes))
            #expect(b.withUnsafeBytes { Checksum.crc32($0, seed: crc(a)) } == crc(bytes))
        }
    }

    private func crc(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { Checksum.crc32($0) } }
}

extension BlockSet {
    init(_ blocks: [Int]) {
        self.init()
        for block in blocks { insert(block) }
    }
}

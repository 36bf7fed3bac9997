import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Block map")
struct BlockMapTests {
    static let block = BlockGrid.blockLength

    private func map(length: Int64 = 4 << 20, pieceLength: Int64? = nil) -> BlockMap {
        BlockMap(grid: BlockGrid(PieceLayout(contentLength: length, pieceLength: pieceLength)))
    }

    private func add(_ fragment: BlockMap.Fragment, to map: inout BlockMap) -> Bool { map.wrote(fragment) }

    private func fragment(_ lower: Int64, _ upper: Int64) -> BlockMap.Fragment {
        let bytes = (lower..<upper).map { UInt8(truncatingIfNeeded: $0 / 7) }
        return .init(range: ByteRange(lower, upper), checksum: bytes.withUnsafeBytes { Checksum.crc32($0) })
    }

    @Test("A block filled tail first and head later is whole, with the checksum of its bytes in order")
    func tailFirst() {
        var map = map()
        #expect(!add(fragment(1000, Self.block), to: &map))
        #expect(map.servable(from: 1000, upTo: Self.block) == Self.block)
        #expect(map.servable(from: 0, upTo: Self.block) == 0)
        #expect(map.stretch(at: 0, upTo: 4 << 20) == .missing(upTo: 1000))
        #expect(add(fragment(0, 1000), to: &map))
        #expect(map.pieces[0]?.checksums[0] == fragment(0, Self.block).checksum)
        #expect(map.servable(from: 0, upTo: 4 << 20) == Self.block)
    }

    @Test("Runs that touch are joined, whatever the order they come in")
    func joins() {
        var map = map()
        for (lower, upper) in [(600, 700), (0, 100), (100, 600)] as [(Int64, Int64)] {
            _ = map.wrote(fragment(lower, upper))
        }
        #expect(map.pieces[0]?.fragments[0] == [fragment(0, 700)])
    }

    @Test("A missing stretch runs over empty blocks up to the next bytes that are here")
    func missing() {
        var map = map()
        _ = map.wrote(fragment(3 * Self.block + 5, 3 * Self.block + 9))
        #expect(map.stretch(at: 10, upTo: 4 << 20) == .missing(upTo: 3 * Self.block + 5))
        #expect(map.stretch(at: 10, upTo: Self.block) == .missing(upTo: Self.block))
        #expect(map.stretch(at: 3 * Self.block + 9, upTo: 4 << 20) == .missing(upTo: 4 << 20))
    }

    @Test("Recorded blocks are held but not served until they are checked")
    func recorded() {
        var map = map(length: 2 * Self.block)
        let record = PieceRecord(
            number: 0, present: BlockSet(0..<2), checksums: [1, 2], createdAt: .epoch, updatedAt: .epoch)
        map.load(record)
        #expect(map.isFinished)
        #expect(map.holds(ByteRange(0, 2 * Self.block)))
        #expect(map.servable(from: 0, upTo: Self.block) == 0)
        let index = BlockIndex(piece: 0, block: 1)
        #expect(map.stretch(at: Self.block, upTo: 2 * Self.block) == .unchecked(index, upTo: 2 * Self.block))
        map.beginChecking(index)
        #expect(map.stretch(at: Self.block, upTo: 2 * Self.block) == .checking(upTo: 2 * Self.block))
        map.checked(index, isGood: true)
        #expect(map.servable(from: Self.block, upTo: 2 * Self.block) == 2 * Self.block)
        #expect(map.isFinished)
    }

    @Test("A map is at rest unless a block is being checked or a piece leaves")
    func rest() {
        var map = map(length: 2 * Self.block)
        map.load(
            PieceRecord(number: 0, present: BlockSet(0..<2), checksums: [1, 2], createdAt: .epoch, updatedAt: .epoch))
        #expect(map.isAtRest)
        for block in 0..<2 { map.beginChecking(BlockIndex(piece: 0, block: block)) }
        map.checked(BlockIndex(piece: 0, block: 0), isGood: true)
        #expect(!map.isAtRest)
        map.checked(BlockIndex(piece: 0, block: 1), isGood: false)
        #expect(map.isAtRest)
        let checksum = map.doubt(BlockIndex(piece: 0, block: 0))
        #expect(checksum == 1 && !map.isAtRest)
        map.checked(BlockIndex(piece: 0, block: 0), isGood: true)
        let isGiven = map.giveUp(0)
        #expect(isGiven && !map.isAtRest)
        map.left(0)
        #expect(map.isAtRest)
    }

    @Test("A bad block is missing, and the task no longer finished")
    func bad() {
        var map = map(length: 2 * Self.block)
        map.load(
            PieceRecord(number: 0, present: BlockSet(0..<2), checksums: [1, 2], createdAt: .epoch, updatedAt: .epoch))
        map.beginChecking(BlockIndex(piece: 0, block: 0))
        map.checked(BlockIndex(piece: 0, block: 0), isGood: false)
        #expect(!map.isFinished)
        #expect(map.stretch(at: 0, upTo: Self.block) == .missing(upTo: Self.block))
        #expect(map.record(of: 0, now: .epoch)?.present == BlockSet(1..<2))
        #expect(map.record(of: 0, now: .epoch)?.checksums == [0, 2])
    }

    @Test("A piece's digest is the checksum of all its bytes")
    func digest() {
        var map = map(length: 2 * Self.block + 100)
        for (lower, upper) in [(0, Self.block), (Self.block, 2 * Self.block), (2 * Self.block, 2 * Self.block + 100)] {
            #expect(add(fragment(lower, upper), to: &map))
        }
        #expect(map.record(of: 0, now: .epoch)?.digest == fragment(0, 2 * Self.block + 100).checksum)
        #expect(map.isFinished)
    }

    @Test("Piece lengths that are no multiple of a block restart the grid")
    func customPieceLength() {
        let piece: Int64 = (4 << 20) + 1000
        var map = map(length: 2 * piece, pieceLength: piece)
        #expect(add(fragment(piece - 1000, piece), to: &map))
        #expect(add(fragment(piece, piece + Self.block), to: &map))
        #expect(map.servable(from: piece - 1000, upTo: 2 * piece) == piece + Self.block)
    }

    @Test("Where a missing stretch ends is found whatever lies in between", arguments: 0..<20)
    func missingEnds(_ seed: Int) {
        var random = Seeded(UInt64(seed))
        let length: Int64 = (64 << 20) + 12_345
        var map = map(length: length, pieceLength: 4 << 20)
        var isHere = [Bool](repeating: false, count: Int(length / Self.block) + 1)
        for _ in 0..<random.below(12) {
            let block = random.below(isHere.count)
            let start = Int64(block) * Self.block
            guard !isHere[block] else { continue }
            isHere[block] = true
            _ = map.wrote(.init(range: ByteRange(start, min(start + Self.block, length)), checksum: 0))
        }
        for _ in 0..<100 {
            let at = Int64(random.below(Int(length)))
            let limit = at + 1 + Int64(random.below(Int(length - at)))
            var end = at
            while end < limit, !isHere[Int(end / Self.block)] { end = (end / Self.block + 1) * Self.block }
            switch map.stretch(at: at, upTo: limit) {
            case .missing(let found): #expect(found == min(end, limit))
            case .verified: #expect(isHere[Int(at / Self.block)])
            default: Issue.record("a block is neither here nor missing")
            }
        }
    }

    @Test("A piece that leaves ends a missing stretch before it")
    func leavingEnds() {
        var map = map(length: 64 << 20, pieceLength: 4 << 20)
        for piece in [3, 9] as [Int64] {
            for block in 0..<16 as Range<Int64> {
                let start = piece << 22 + block * Self.block
                _ = map.wrote(.init(range: ByteRange(start, start + Self.block), checksum: 0))
            }
        }
        let isGiven = map.giveUp(3)
        #expect(isGiven)
        #expect(map.stretch(at: 0, upTo: 64 << 20) == .missing(upTo: 3 << 22))
        #expect(map.stretch(at: 4 << 22, upTo: 64 << 20) == .missing(upTo: 9 << 22))
        #expect(map.stretch(at: 10 << 22, upTo: 64 << 20) == .missing(upTo: 64 << 20))
    }

    @Test(
        "No question takes longer for a length that is only claimed", .timeLimit(.minutes(Seeded.isSoak ? 60 : 1)),
        arguments: [1 << 57, 1 << 58, 1 << 60 - 1, 1 << 60] as [Int64])
    func claimed(_ length: Int64) {
        var map = map(length: length)
        _ = map.wrote(.init(range: ByteRange(0, 1), checksum: 0))
        let whole = ByteRange(0, length)
        #expect(map.stretch(at: 1, upTo: length) == .missing(upTo: length))
        #expect(!map.holds(whole))
        #expect(map.servable(from: 0, upTo: length) == 1)
        let far = length / 2 / Self.block * Self.block
        _ = map.wrote(.init(range: ByteRange(far, far + 1), checksum: 0))
        #expect(map.stretch(at: 1, upTo: length) == .missing(upTo: far))
    }
}

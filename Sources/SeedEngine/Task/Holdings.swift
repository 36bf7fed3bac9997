import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// Which bytes of the current generation are here, and what of them no record tells yet.
struct Holdings: Sendable {
    private(set) var blocks: BlockMap?
    /// Pieces with blocks that no record tells of yet.
    private var unrecorded: Set<Int> = []

    // MARK: Generations

    mutating func begin(_ map: BlockMap) { blocks = map }

    mutating func end() {
        blocks = nil
        unrecorded = []
    }

    /// Nothing is being checked or evicted, which only this value knows.
    var isAtRest: Bool { blocks?.isAtRest ?? true }

    var memory: Int { blocks?.memory ?? 0 }

    // MARK: Changes

    /// Takes in bytes that were just written.
    /// - Parameter spent: how long it took to fetch them.
    /// - Returns: the block that they completed.
    mutating func wrote(_ part: BlockMap.Fragment, spent: Duration) -> BlockIndex? {
        guard blocks?.wrote(part, spent: spent) == true, let grid = blocks?.grid else { return nil }
        let index = grid.block(at: part.range.lowerBound)
        unrecorded.insert(index.piece)
        return index
    }

    mutating func fetchedAhead(_ index: BlockIndex) { blocks?.noteFetchedAhead(index) }

    mutating func beginChecking(_ index: BlockIndex) { blocks?.beginChecking(index) }

    /// - Returns: what is recorded of the piece now, if the block is bad.
    mutating func checked(_ index: BlockIndex, isGood: Bool, now: Timestamp) -> PieceRecord? {
        blocks?.checked(index, isGood: isGood)
        guard !isGood else { return nil }
        unrecorded.insert(index.piece)
        return blocks?.record(of: index.piece, now: now)
    }

    /// A verified block is doubted.
    /// - Returns: the checksum to compare it with; nil when it is not held, or will be checked anyway.
    mutating func doubt(_ index: BlockIndex) -> UInt32? { blocks?.doubt(index) }

    mutating func beginEviction(_ piece: Int) -> Bool {
        guard blocks?.giveUp(piece) == true else { return false }
        unrecorded.remove(piece)
        return true
    }

    mutating func evicted(_ piece: Int) { blocks?.left(piece) }

    mutating func keep(_ memory: MemoryBlock, of index: BlockIndex) { blocks?.keep(memory, of: index) }

    // MARK: Readers

    /// A client was given these bytes.
    /// - Returns: how many bytes of blocks fetched ahead it was given as their first reader.
    mutating func given(_ range: ByteRange) -> Int64 {
        let count = blocks?.takeFetchedAhead(range) ?? 0
        if blocks?.isFinished == false { blocks?.demanded(range) }
        return count
    }

    // MARK: Records

    /// What is to be recorded: whole pieces, and at a flight's end all that changed, soon; the rest in its own time
    /// (rule:group-commit).
    mutating func takeRecords(isFlightOver: Bool, now: Timestamp) -> [(record: PieceRecord, isSoon: Bool)] {
        guard let blocks, !unrecorded.isEmpty else { return [] }
        var result: [(PieceRecord, Bool)] = []
        for piece in unrecorded.sorted() {
            guard let record = blocks.record(of: piece, now: now) else { continue }
            let isSoon = isFlightOver || record.digest != nil
            result.append((record, isSoon))
            if isSoon { unrecorded.remove(piece) }
        }
        return result
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// Which bytes of one generation are here, block by block and, inside a block that is being filled, byte by byte.
///
/// A block is *verified* when its bytes were checked in this life of the process, or written by it: only verified bytes
/// may leave (rule:verify-before-serving). It is *recorded* when the index says it is held but it was not checked yet.
struct BlockMap: Sendable {
    /// A run of bytes inside one block, written by this process, with the CRC-32 of exactly these bytes.
    struct Fragment: Sendable, Equatable {
        var range: ByteRange
        var checksum: UInt32
    }

    let grid: BlockGrid
    private(set) var pieces: [Int: PieceBlocks] = [:]
    private(set) var completePieces = 0
    private var fetchedAheadBlocks = 0
    private var checkingBlocks = 0
    /// Some block was in memory at some time.
    private var hasMemory = false
    /// Pieces that were given up and whose pages the store is about to punch: nothing of them is served or filled.
    private(set) var leaving: Set<Int> = []

    init(grid: BlockGrid) {
        self.grid = grid
    }

    var length: Int64 { grid.layout.contentLength }
    var isFinished: Bool { completePieces == grid.layout.pieceCount }

    // MARK: Questions

    /// No block is being checked, and no piece leaves.
    var isAtRest: Bool { checkingBlocks == 0 && leaving.isEmpty }

    /// The end of the verified bytes that follow `offset` without a gap, at most `limit`; `offset` itself if there are none.
    func servable(from offset: Int64, upTo limit: Int64) -> Int64 {
        var at = offset
        while at < limit {
            let index = grid.block(at: at)
            guard let blocks = pieces[index.piece] else { return at }
            let end = blocks.verifiedEnd(in: index, at: at, grid: grid)
            guard end > at else { return at }
            at = end
        }
        return min(at, limit)
    }

    /// True when every block of the range is verified or recorded.
    func holds(_ range: ByteRange) -> Bool {
        if isFinished { return true }
        var at = range.lowerBound
        while at < range.upperBound {
            let piece = grid.layout.piece(at: at)
            if leaving.contains(piece) { return false }
            if pieces[piece]?.isComplete == true {
                at = grid.layout.range(of: piece).upperBound
                continue
            }
            // Where a missing stretch ends doesn't matter here.
            switch stretch(at: at, upTo: at + 1) {
            case .verified(let end), .unchecked(_, let end), .checking(let end): at = end
            case .missing: return false
            }
        }
        return true
    }

    /// What lies at one offset, and up to where.
    enum Stretch: Equatable {
        case verified(upTo: Int64)
        case unchecked(BlockIndex, upTo: Int64)
        case checking(upTo: Int64)
        case missing(upTo: Int64)
    }

    /// What lies at `offset`; a missing stretch may run over many blocks, up to `limit`.
    func stretch(at offset: Int64, upTo limit: Int64) -> Stretch {
        let index = grid.block(at: offset)
        let blockEnd = grid.range(of: index).upperBound
        // To be looked at again when it has left.
        if leaving.contains(index.piece) { return .checking(upTo: blockEnd) }
        guard let blocks = pieces[index.piece] else { return .missing(upTo: missingEnd(from: blockEnd, upTo: limit)) }
        if blocks.checking.contains(index.block) { return .checking(upTo: blockEnd) }
        if blocks.recorded.contains(index.block) { return .unchecked(index, upTo: blockEnd) }
        let verified = blocks.verifiedEnd(in: index, at: offset, grid: grid)
        if verified > offset { return .verified(upTo: verified) }
        if let next = blocks.fragments[index.block]?.first(where: { $0.range.lowerBound > offset }) {
            return .missing(upTo: min(next.range.lowerBound, limit))
        }
        return .missing(upTo: missingEnd(from: blockEnd, upTo: limit))
    }

    /// The end of the piece at `offset`, if every block of it is held.
    func completeEnd(at offset: Int64) -> Int64? {
        let piece = grid.layout.piece(at: offset)
        return pieces[piece]?.isComplete == true ? grid.layout.range(of: piece).upperBound : nil
    }

    /// Where the next bytes lie that are here, or a piece that is leaving, from the block edge `start` on; `limit` if
    /// there are none before it. Its cost depends on what is held, not on the object's length.
    private func missingEnd(from start: Int64, upTo limit: Int64) -> Int64 {
        guard start < limit else { return min(start, limit) }
        let index = grid.block(at: start)
        var found = leaving.contains(index.piece) ? start : touched(inPiece: index.piece, from: index.block)
        if found == nil {
            found = nextPiece(after: index.piece, upTo: grid.layout.piece(at: limit - 1)).map { piece in
                touched(inPiece: piece, from: 0) ?? grid.layout.range(of: piece).lowerBound
            }
        }
        return min(found ?? limit, limit)
    }

    /// Where the first bytes of a piece lie that are here, from a block on.
    private func touched(inPiece piece: Int, from first: Int) -> Int64? {
        guard let blocks = pieces[piece], let block = blocks.firstTouched(from: first) else { return nil }
        return blocks.fragments[block]?.first?.range.lowerBound
            ?? grid.range(of: BlockIndex(piece: piece, block: block)).lowerBound
    }

    /// The first piece behind `piece` of which something is here or that is leaving. The pieces are tried one by one
    /// where there are fewer of them than of such pieces.
    private func nextPiece(after piece: Int, upTo last: Int) -> Int? {
        func counts(_ piece: Int) -> Bool { leaving.contains(piece) || pieces[piece]?.firstTouched(from: 0) != nil }
        guard piece < last else { return nil }
        let behind = piece + 1...last
        if behind.count <= pieces.count + leaving.count { return behind.first(where: counts) }
        let held = pieces.keys.lazy.filter { behind.contains($0) && counts($0) }.min()
        let gone = leaving.lazy.filter(behind.contains).min()
        return [held, gone].compactMap(\.self).min()
    }

    // MARK: Changes

    /// Takes a record in from the index; its blocks are held, but not checked yet.
    mutating func load(_ record: PieceRecord) {
        guard record.number < grid.layout.pieceCount, record.checksums.count == grid.blocks(inPiece: record.number)
        else {
            return
        }
        var blocks = PieceBlocks(count: record.checksums.count)
        blocks.recorded = record.present
        blocks.checksums = record.checksums
        blocks.createdAt = record.createdAt
        blocks.spent = record.cost
        pieces[record.number] = blocks
        if blocks.isComplete { completePieces += 1 }
    }

    /// Takes in bytes that were just written, all of one block, nowhere overlapping what is here.
    /// - Parameter spent: how long it took to fetch them.
    /// - Returns: true when this completed the block.
    mutating func wrote(_ fragment: Fragment, spent: Duration = .zero) -> Bool {
        let index = grid.block(at: fragment.range.lowerBound)
        let wasComplete = pieces[index.piece]?.isComplete ?? false
        let whole = grid.range(of: index)
        let completed = withPiece(index.piece) { piece in
            piece.spent += spent
            return piece.add(fragment, to: index.block, whole: whole)
        }
        if completed, !wasComplete, pieces[index.piece]?.isComplete == true { completePieces += 1 }
        return completed
    }

    mutating func beginChecking(_ index: BlockIndex) {
        if pieces[index.piece]?.checking.contains(index.block) != true { checkingBlocks += 1 }
        withPiece(index.piece) {
            $0.recorded.remove(index.block)
            $0.checking.insert(index.block)
        }
    }

    /// A store thread compared the block with its checksum. A bad block is missing from now on.
    mutating func checked(_ index: BlockIndex, isGood: Bool) {
        let wasComplete = pieces[index.piece]?.isComplete ?? false
        if pieces[index.piece]?.checking.contains(index.block) == true { checkingBlocks -= 1 }
        withPiece(index.piece) {
            $0.checking.remove(index.block)
            if isGood { $0.verified.insert(index.block) }
        }
        if wasComplete, !isGood { completePieces -= 1 }
    }

    /// The block's bytes in memory, if they are there.
    func memory(of index: BlockIndex) -> MemoryBlock? { hasMemory ? pieces[index.piece]?.memory[index.block] : nil }

    /// - Returns: the checksum of a block that may be taken into memory; nil unless it is verified and not there yet.
    func checksumForMemory(_ index: BlockIndex) -> UInt32? {
        guard let blocks = pieces[index.piece], blocks.verified.contains(index.block) else { return nil }
        return blocks.memory[index.block]?.slice(at: 0, count: 1) == nil ? blocks.checksums[index.block] : nil
    }

    mutating func keep(_ memory: MemoryBlock, of index: BlockIndex) {
        guard pieces[index.piece]?.verified.contains(index.block) == true else { return }
        hasMemory = true
        withPiece(index.piece) { $0.memory[index.block] = memory }
    }

    /// Takes a piece out (rule:published-immutable); it is neither held nor missing until it has `left`.
    /// - Returns: false when there is nothing of it, or a block of it is being checked.
    mutating func giveUp(_ piece: Int) -> Bool {
        guard let blocks = pieces[piece], !blocks.held.isEmpty, blocks.checking.isEmpty else { return false }
        if blocks.isComplete { completePieces -= 1 }
        fetchedAheadBlocks -= blocks.fetchedAhead.count
        pieces[piece] = nil
        leaving.insert(piece)
        return true
    }

    mutating func left(_ piece: Int) { leaving.remove(piece) }

    /// A verified block is doubted: it has to be checked again before more of it leaves.
    /// - Returns: the checksum it must have; nil when it is not held, or will be checked anyway.
    mutating func doubt(_ index: BlockIndex) -> UInt32? {
        guard let blocks = pieces[index.piece], blocks.verified.contains(index.block) else { return nil }
        if !blocks.checking.contains(index.block) { checkingBlocks += 1 }
        withPiece(index.piece) {
            $0.verified.remove(index.block)
            $0.memory[index.block] = nil
            $0.checking.insert(index.block)
        }
        return blocks.checksums[index.block]
    }

    /// Notes that a client was given these bytes, for the quarter rule.
    mutating func demanded(_ range: ByteRange) {
        for index in grid.blocks(covering: range) where pieces[index.piece]?.isComplete != true {
            withPiece(index.piece) { $0.demanded.insert(index.block) }
        }
    }

    /// Notes that this block was fetched ahead.
    mutating func noteFetchedAhead(_ index: BlockIndex) {
        withPiece(index.piece) { $0.fetchedAhead.insert(index.block) }
        fetchedAheadBlocks += 1
    }

    /// How many bytes of blocks fetched ahead are given to a client for the first time, now that it gets `range`.
    mutating func takeFetchedAhead(_ range: ByteRange) -> Int64 {
        guard fetchedAheadBlocks > 0 else { return 0 }
        var count: Int64 = 0
        for index in grid.blocks(covering: range) where pieces[index.piece]?.fetchedAhead.contains(index.block) == true
        {
            withPiece(index.piece) { $0.fetchedAhead.remove(index.block) }
            fetchedAheadBlocks -= 1
            count += grid.range(of: index).count
        }
        return count
    }

    private mutating func withPiece<R>(_ piece: Int, _ body: (inout PieceBlocks) -> R) -> R {
        body(&pieces[piece, default: PieceBlocks(count: grid.blocks(inPiece: piece))])
    }

    /// The record of a piece as it stands; `nil` when no block of it is held.
    func record(of piece: Int, now: Timestamp) -> PieceRecord? {
        pieces[piece]?.record(number: piece, grid: grid, now: now)
    }

    /// Rough memory of this map in bytes, for the budget of tasks kept in memory.
    var memory: Int {
        pieces.values.reduce(128) { $0 + 320 + $1.checksums.count * 4 }
    }
}

extension BlockGrid {
    /// Written bytes cut at block edges, each part with its CRC-32.
    func fragments(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> [BlockMap.Fragment] {
        var result: [BlockMap.Fragment] = []
        var at = offset
        let end = offset + Int64(bytes.count)
        while at < end {
            let next = min(end, range(of: block(at: at)).upperBound)
            let slice = UnsafeRawBufferPointer(rebasing: bytes[Int(at - offset)..<Int(next - offset)])
            result.append(.init(range: ByteRange(at, next), checksum: Checksum.crc32(slice)))
            at = next
        }
        return result
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// The blocks of one piece.
struct PieceBlocks: Sendable {
    let count: Int
    var recorded = BlockSet()
    var checking = BlockSet()
    var verified = BlockSet()
    /// Blocks a client was given bytes of while the piece was incomplete.
    var demanded = BlockSet()
    /// Blocks that were fetched ahead and that no client was given bytes of so far.
    var fetchedAhead = BlockSet()
    var checksums: [UInt32]
    /// Verified blocks that are in memory as well (rule:memory-follows-block-map).
    var memory: [Int: MemoryBlock] = [:]
    /// Blocks that are being filled: disjoint runs in order, touching runs joined.
    var fragments: [Int: [BlockMap.Fragment]] = [:]
    var createdAt: Timestamp?
    /// How long flights took for what they brought of it, added up.
    var spent = Duration.zero

    init(count: Int) {
        self.count = count
        checksums = [UInt32](repeating: 0, count: count)
    }

    var held: BlockSet { recorded.union(checking).union(verified) }
    var isComplete: Bool { held.count == count }
    /// A quarter of the blocks was demanded: the rest is worth fetching (docs/design.md, the way of a request).
    var isWorthCompleting: Bool { demanded.count * 4 >= count }

    /// The first block from `block` on of which bytes are here.
    func firstTouched(from block: Int) -> Int? {
        let filling = fragments.isEmpty ? nil : fragments.keys.lazy.filter { $0 >= block }.min()
        guard let held = held.firstIndex(from: block) else { return filling }
        return filling.map { min($0, held) } ?? held
    }

    func verifiedEnd(in index: BlockIndex, at offset: Int64, grid: BlockGrid) -> Int64 {
        if verified.contains(index.block) { return grid.range(of: index).upperBound }
        guard !fragments.isEmpty, let runs = fragments[index.block] else { return offset }
        return runs.first { $0.range.lowerBound <= offset && offset < $0.range.upperBound }?.range.upperBound ?? offset
    }

    mutating func add(_ fragment: BlockMap.Fragment, to block: Int, whole: ByteRange) -> Bool {
        let runs = Self.joined(fragments[block] ?? [], with: fragment)
        guard runs.count == 1, runs[0].range == whole else {
            fragments[block] = runs
            return false
        }
        fragments[block] = nil
        checksums[block] = runs[0].checksum
        verified.insert(block)
        return true
    }

    private static func joined(_ runs: [BlockMap.Fragment], with new: BlockMap.Fragment) -> [BlockMap.Fragment] {
        var result: [BlockMap.Fragment] = []
        for run in (runs + [new]).sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            guard let last = result.last, last.range.upperBound == run.range.lowerBound else {
                result.append(run)
                continue
            }
            let sum = Checksum.combine(last.checksum, run.checksum, lengthOfB: run.range.count)
            result[result.count - 1] = .init(
                range: ByteRange(last.range.lowerBound, run.range.upperBound), checksum: sum)
        }
        return result
    }

    func record(number: Int, grid: BlockGrid, now: Timestamp) -> PieceRecord? {
        guard !held.isEmpty else { return nil }
        var sums = checksums
        for block in 0..<count where !held.contains(block) { sums[block] = 0 }
        return PieceRecord(
            number: number, present: held, checksums: sums,
            digest: isComplete ? digest(number: number, grid: grid) : nil,
            source: .origin, cost: max(spent, .milliseconds(1)), createdAt: createdAt ?? now, updatedAt: now)
    }

    /// CRC-32 of the whole piece, from its blocks' (rule:checksums).
    private func digest(number: Int, grid: BlockGrid) -> UInt32 {
        (1..<max(count, 1)).reduce(checksums[0]) { sum, block in
            let length = grid.range(of: BlockIndex(piece: number, block: block)).count
            return Checksum.combine(sum, checksums[block], lengthOfB: length)
        }
    }
}

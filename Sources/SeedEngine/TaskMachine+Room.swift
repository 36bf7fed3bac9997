import DragonflyIdentity
import NIOCore
import SeedStorage

/// What the store asks of a task: room, and another look at what it has.
extension TaskMachine {
    /// Takes a piece out of the block map, if nobody reads, fills or checks it now and the rest is worth something
    /// without it.
    /// - Parameter file: the content file's counter.
    mutating func giveUp(_ piece: Int, file: UInt64) -> Bool {
        guard let generation, generation.file == file, !generation.isOneResponse, !generation.isSequential,
            piece < generation.layout.pieceCount
        else { return false }
        let range = generation.layout.range(of: piece)
        let isWanted = demands.values.contains { $0.wanted?.overlaps(range) ?? true }
        let isFilled = flights.values.contains { $0.claimed?.overlaps(range) ?? ($0.range == nil) }
        guard !isWanted, !isFilled, blocks?.giveUp(piece) == true else { return false }
        touched.remove(piece)
        dirty.remove(piece)
        return true
    }

    /// The piece that a stream is given bytes of, and its length.
    func piece(of verdict: Verdict) -> (number: Int, bytes: Int64)? {
        guard case .bytes(let range) = verdict, let layout = generation?.layout,
            range.upperBound <= layout.contentLength
        else { return nil }
        let number = layout.piece(at: range.lowerBound)
        return (number, layout.range(of: number).count)
    }

    /// The bytes of a verdict that are in memory: all of them, or none.
    func memory(of verdict: Verdict) -> ByteBuffer? {
        guard case .bytes(let range) = verdict, let blocks else { return nil }
        let index = blocks.grid.block(at: range.lowerBound)
        let whole = blocks.grid.range(of: index)
        guard whole.contains(range) else { return nil }
        return blocks.memory(of: index)?.slice(at: Int(range.lowerBound - whole.lowerBound), count: Int(range.count))
    }

    /// The pages of a piece that was given up are gone: it is missing like any other.
    mutating func left(_ piece: Int, epoch: Int, _ actions: inout [Action]) {
        guard let generation, generation.epoch == epoch else { return }
        blocks?.left(piece)
        forgetPlans()
        planAll(&actions)
    }

    /// A block may have rotted since it was checked.
    mutating func doubt(_ index: BlockIndex, file: UInt64, _ actions: inout [Action]) {
        guard let generation, generation.file == file, let checksum = blocks?.doubt(index) else { return }
        actions.append(.check([BlockCheck(index: index, checksum: checksum)], epoch: generation.epoch))
    }
}

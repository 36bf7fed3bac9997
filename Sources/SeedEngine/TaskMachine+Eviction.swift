import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// What the store asks of a task: room, and another look at what it has.
extension TaskMachine {
    /// Takes a piece out of the block map, if nobody reads, fills or checks it now and the rest is worth something
    /// without it.
    /// - Parameter counter: the content file's counter.
    mutating func giveUp(_ piece: Int, counter: UInt64) -> Bool {
        guard let generation, generation.counter == counter, !generation.isOneResponse, !generation.isSequential,
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

    /// The pages of a piece that was given up are gone: it is missing like any other.
    mutating func left(_ piece: Int, epoch: Int, _ actions: inout [Action]) {
        guard let generation, generation.epoch == epoch else { return }
        blocks?.left(piece)
        forgetPlans()
        planAll(&actions)
    }

    /// A block may have rotted since it was checked.
    mutating func doubtBlock(_ index: BlockIndex, counter: UInt64, _ actions: inout [Action]) {
        guard let generation, generation.counter == counter, let checksum = blocks?.doubt(index) else { return }
        actions.append(.check([BlockCheck(index: index, checksum: checksum)], epoch: generation.epoch))
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// What the store asks of a task: room, and another look at what it has.
extension TaskMachine {
    /// Takes a piece out of the block map, if nobody reads, fills or checks it now and the rest is worth something
    /// without it.
    /// - Parameter counter: the content file's counter.
    mutating func beginEviction(_ piece: Int, counter: UInt64, _ output: inout Output) -> Bool {
        guard let generation, generation.counter == counter, !generation.isOneResponse, !generation.isSequential,
            piece < generation.layout.pieceCount
        else { return false }
        let range = generation.layout.range(of: piece)
        let isWanted = audience.demands.values.contains {
            $0.result == nil && $0.wanted?.overlaps(range) ?? true
        }
        guard !isWanted, !fills.mayWrite(into: range), holdings.beginEviction(piece) else { return false }
        completion.forget(piece)
        output.changes.append(.lost(piece: piece))
        return true
    }

    /// The pages of a piece that was given up are gone: it is missing like any other.
    mutating func evicted(_ piece: Int, epoch: Int, _ output: inout Output) {
        guard let generation, generation.epoch == epoch else { return }
        holdings.evicted(piece)
        audience.forgetPlans()
        planAll(&output)
    }

    /// A block may have rotted since it was checked.
    mutating func doubtBlock(_ index: BlockIndex, counter: UInt64, _ output: inout Output) {
        guard let generation, generation.counter == counter, let checksum = holdings.doubt(index) else { return }
        output.effects.append(.check([BlockCheck(index: index, checksum: checksum)], epoch: generation.epoch))
    }
}

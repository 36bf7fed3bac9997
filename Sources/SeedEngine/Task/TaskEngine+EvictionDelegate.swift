package import DragonflyIdentity
package import SeedStorage

/// The store asks before it evicts anything of a task in memory.
extension TaskEngine: EvictionDelegate {
    package func beginEviction(of piece: PieceName) -> EvictionReply {
        table.find(piece.file.key)?.beginEviction(of: piece) ?? .unknown
    }

    package func forget(_ key: StoreKey) -> Bool { table.forget(key) }

    package func evicted(_ piece: PieceName) {
        context.events?(TaskEvent(key: piece.file.key, change: .lost(piece: piece.number)))
    }

    package func removed(_ file: FileName) {
        context.events?(TaskEvent(key: file.key, change: .left(generation: file.generation)))
    }

    package func forgetIdle() { table.forgetIdle() }

    package func suspect(_ block: BlockIndex, of file: FileName) -> Bool {
        guard let task = table.find(file.key) else { return false }
        task.handle { $0.machine.doubtBlock(block, counter: file.generation, &$1) }
        return true
    }
}

extension LiveTask {
    fileprivate func beginEviction(of piece: PieceName) -> EvictionReply {
        handle { state, output in
            guard let epoch = state.machine.generation?.epoch, let file = state.files[epoch],
                state.machine.beginEviction(piece.number, counter: piece.file.generation, &output)
            else { return .inUse }
            return .evicting(
                file, evicted: { [self] in handle { $0.machine.evicted(piece.number, epoch: epoch, &$1) } })
        }
    }
}

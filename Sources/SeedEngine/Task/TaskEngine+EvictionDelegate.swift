package import SeedStorage

/// The store asks before it evicts anything of a task in memory.
extension TaskEngine: EvictionDelegate {
    package func beginEviction(of piece: PieceName) -> EvictionReply {
        guard let task = table.find(piece.file.key) else {
            context.events?(TaskEvent(key: piece.file.key, change: .lost(piece: piece.number)))
            return .unknown
        }
        return task.beginEviction(of: piece)
    }

    package func forget(_ file: FileName) -> Bool {
        guard table.forget(file.key) else { return false }
        context.events?(TaskEvent(key: file.key, change: .left(generation: file.generation)))
        return true
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

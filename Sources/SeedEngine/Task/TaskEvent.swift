package import DragonflyIdentity
package import SeedStorage

/// A change of what is held of a task, for those who report it or serve it to peers.
///
/// Those of one task come in the order in which the changes take effect: they are told under the task's lock. The receiver
/// must only record them and wake the thread that acts on them.
package struct TaskEvent: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        /// A generation is held from now on, though nothing of it may be here yet. Told again when a task that was
        /// forgotten is read from the index.
        /// - Parameters:
        ///   - generation: the content file's counter; greater ones are later.
        ///   - length: bytes of the object.
        ///   - pieceLength: bytes of each piece but the last.
        case began(wireID: TaskID, generation: UInt64, length: Int64, pieceLength: Int64)
        /// A piece is complete: its number, checksum, source, creation and the time that was spent on fetching it.
        case piece(PieceRecord)
        /// A piece that may have been complete is not any more: evicted, or a block of it is damaged.
        case lost(piece: Int)
        /// The generation is not held any more.
        case left(generation: UInt64)
        /// Fetching failed and is not tried again; clients were told why. Refusals by the origin (4xx) are not failures.
        case failed(EngineError)
    }

    package var key: StoreKey
    package var change: Change

    /// Takes note of an event. Called from any thread, under a lock of the engine.
    package typealias Receiver = @Sendable (TaskEvent) -> Void
}

package import DragonflyIdentity

/// Who keeps tasks in memory and serves from their files. The store asks before it takes anything of them away.
///
/// Every call comes from a thread of the store and must not wait for one.
package protocol PieceHolder: AnyObject, Sendable {
    /// Takes a piece out of the block map (rule 8), unless bytes of it are being filled or checked.
    func giveUp(_ piece: PieceName) -> Surrender

    /// Forgets a task that nobody uses, so that its file is closed.
    /// - Returns: true when the task is not in memory, or is not any more.
    func forget(_ key: StoreKey) -> Bool

    /// Forgets all tasks that nobody uses, so that their files are closed: descriptors have run out.
    func forgetIdle()

    /// A block does not seem to match its checksum any more: look again, and drop it if that is so.
    /// - Returns: false when the task is not in memory.
    func suspect(_ block: BlockIndex, of file: FileName) -> Bool
}

/// What becomes of a piece that the store would like to evict.
package enum Surrender: Sendable {
    /// The task is not in memory: the store may take the piece if nobody has the file open.
    case unknown
    /// Not now.
    case inUse
    /// No byte of the piece is served or filled from here on until `done` was called; after it the piece is missing
    /// like any other. The store drops the record, waits for the leases and punches.
    case given(ContentFile, done: @Sendable () -> Void)
}

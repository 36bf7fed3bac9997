package import DragonflyIdentity

/// Keeps tasks in memory and serves from their files. The store asks before it takes anything of them away.
///
/// Every call comes from a thread of the store and must not wait for one.
package protocol EvictionDelegate: AnyObject, Sendable {
    /// Takes a piece out of the block map (rule:published-immutable), unless bytes of it are being filled or checked.
    func beginEviction(of piece: PieceName) -> EvictionReply

    /// Forgets an idle task, so that its file is closed.
    /// - Returns: true when the task is not in memory, or is not any more.
    func forget(_ key: StoreKey) -> Bool

    /// A piece of a task that is not in memory was evicted. The file can't be opened until this returns.
    func evicted(_ piece: PieceName)

    /// A file was removed, with its records. It can't be opened until this returns.
    func removed(_ file: FileName)

    /// Forgets all idle tasks, so that their files are closed: descriptors have run out.
    func forgetIdle()

    /// A block no longer seems to match its checksum: check it again, and drop it if that is so.
    /// - Returns: false when the task is not in memory.
    func suspect(_ block: BlockIndex, of file: FileName) -> Bool
}

/// Whether a piece may be evicted.
package enum EvictionReply: Sendable {
    /// The task is not in memory: the store may evict the piece unless the file is open.
    case unknown
    /// Not now.
    case inUse
    /// No byte of the piece is served or filled until `evicted` is called; after that the piece is missing like any
    /// other. The store drops the record, waits for the leases and punches.
    case evicting(ContentFile, evicted: @Sendable () -> Void)
}

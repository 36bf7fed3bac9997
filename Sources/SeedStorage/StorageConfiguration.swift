/// Where and how the store keeps its bytes.
package struct StorageConfiguration: Sendable, Equatable {
    /// `storage.dir`: created when missing; no other program's.
    package var directory: String
    /// `storage.keep`: false forgets everything at open.
    package var keep: Bool
    /// Blocking threads for file and index work; at least 1.
    package var threads: Int
    /// Bytes of the volume that are never filled: room for the index, for deletes and for others.
    package var headroom: Int64
    /// The index's address space in bytes. It costs no memory and no disk until it is used; 1 TiB is room for
    /// a billion pieces, so it never has to grow while running.
    package var indexMapSize: Int
    /// Records that may wait for a commit; when the index cannot be written for long, further ones are dropped.
    package var pendingLimit: Int

    package init(
        directory: String, keep: Bool = true, threads: Int = 4, headroom: Int64 = 1 << 30, indexMapSize: Int = 1 << 40,
        pendingLimit: Int = 65_536
    ) {
        self.directory = directory
        self.keep = keep
        self.threads = threads
        self.headroom = headroom
        self.indexMapSize = indexMapSize
        self.pendingLimit = pendingLimit
    }
}

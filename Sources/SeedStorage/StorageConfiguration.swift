/// Where and how the store keeps its bytes.
package struct StorageConfiguration: Sendable, Equatable {
    /// `storage.dir`: created if missing; not shared with other programs.
    package var directory = "/var/lib/dragonfly"
    /// `storage.keep`: false forgets everything at open.
    package var keep = true
    /// Blocking threads for file and index work; at least 1.
    package var threads = 4
    /// How full it may get.
    package var limits = SpaceLimits()
    /// `gc.policy.taskTTL`: tasks that were not read for so long go; nil keeps them.
    package var taskTTL: Duration? = .seconds(30 * 86_400)
    /// `gc.interval`: between checks for expired tasks, and between measurements of the files.
    package var interval: Duration = .seconds(900)
    /// `storage.scrubRate`: bytes a second that are read to find rotten blocks; 0 looks for none.
    package var scrubRate: Int64 = 8 << 20
    /// Bytes of memory for the order of eviction: 72 for each piece that was used in this life.
    package var policyMemory = 64 << 20
    /// The index's address space in bytes. It costs no memory and no disk until it is used; 1 TiB is room for
    /// a billion pieces, so it never has to grow while running.
    package var indexMapSize = 1 << 40
    /// Records that may wait for a commit; when the index cannot be written for long, further ones are dropped.
    package var pendingLimit = 65_536

    package init() {}
}

/// Where and how the store keeps its bytes.
package struct StorageConfiguration: Sendable, Equatable {
    /// `storage.dir`: created when missing; no other program's.
    package var directory: String
    /// `storage.keep`: false forgets everything at open.
    package var keep: Bool
    /// Blocking threads for file and index work; at least 1.
    package var threads: Int
    /// How full it may get.
    package var limits: SpaceLimits
    /// `gc.policy.taskTTL`: tasks that were not read for so long go; nil keeps them.
    package var taskTTL: Duration?
    /// `gc.interval`: between looks for tasks that are too old, and between measurements of the files.
    package var interval: Duration
    /// `storage.scrubRate`: bytes a second that are read to find rotten blocks; 0 looks for none.
    package var scrubRate: Int64
    /// Bytes of memory for the order of eviction: 72 for each piece that was used in this life.
    package var policyMemory: Int
    /// The index's address space in bytes. It costs no memory and no disk until it is used; 1 TiB is room for
    /// a billion pieces, so it never has to grow while running.
    package var indexMapSize: Int
    /// Records that may wait for a commit; when the index cannot be written for long, further ones are dropped.
    package var pendingLimit: Int

    package init(
        directory: String, keep: Bool = true, threads: Int = 4, limits: SpaceLimits = SpaceLimits(),
        taskTTL: Duration? = nil, interval: Duration = .seconds(900), scrubRate: Int64 = 0,
        policyMemory: Int = 64 << 20, indexMapSize: Int = 1 << 40, pendingLimit: Int = 65_536
    ) {
        self.directory = directory
        self.keep = keep
        self.threads = threads
        self.limits = limits
        self.taskTTL = taskTTL
        self.interval = interval
        self.scrubRate = scrubRate
        self.policyMemory = policyMemory
        self.indexMapSize = indexMapSize
        self.pendingLimit = pendingLimit
    }
}

import DragonflyIdentity
import SeedSupport

/// What goes on beside the requests: eviction when room is short, periodic jobs, the sweep after the start, the scrub.
final class Maintenance: Sendable {
    let thread: MaintenanceThread
    let sweep: OrphanSweep
    let scrub: Scrub

    private let reader: IndexReader
    private let writer: IndexWriter
    private let content: ContentDirectory
    private let space: VolumeSpace
    private let evictor: Evictor
    private let health: HealthRecorder
    private let taskTTL: Duration?
    private let now: @Sendable () -> Timestamp

    init(
        reader: IndexReader, writer: IndexWriter, content: ContentDirectory, space: VolumeSpace, threads: StoreThreads,
        evictor: Evictor, health: HealthRecorder, logger: Logger, configuration: StorageConfiguration,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.reader = reader
        self.writer = writer
        self.content = content
        self.space = space
        self.evictor = evictor
        self.health = health
        self.now = now
        taskTTL = configuration.taskTTL
        thread = MaintenanceThread(interval: configuration.interval)
        sweep = OrphanSweep(reader: reader, writer: writer, content: content, threads: threads, logger: logger)
        scrub = Scrub(
            rate: configuration.scrubRate, reader: reader, writer: writer, content: content, evictor: evictor,
            health: health, logger: logger)
    }

    func start() {
        sweep.start()
        evictor.start { [thread] in thread.call() }
        // The thread lets go of the jobs when it ends, which `stop` sees to.
        thread.start(
            MaintenanceThread.Jobs(
                evict: { [evictor] in evictor.evict() }, recordUses: { self.recordUses() },
                periodic: { self.runPeriodicJobs() }))
        scrub.start()
    }

    /// Ends the threads. Blocking. The writer must still run.
    func stop() {
        sweep.cancel()
        evictor.stop()
        thread.stop()
        scrub.stop()
        recordUses()
    }

    // MARK: Jobs

    /// What the thread does every interval, and first after the start.
    func runPeriodicJobs() {
        measureFiles()
        removeOldTasks()
        evictor.removeEmptyTasks()
        if space.account.excess > 0 { thread.call() }
    }

    /// Sets the account to what the files really take: records count blocks, but the volume counts pages, and a crash
    /// leaves bytes without a record.
    private func measureFiles() {
        let before = space.account.written
        var sum: Int64 = 0
        for shard in 0..<256 {
            if thread.isStopping { return }
            sum += content.allocated(inShard: shard)
        }
        // Last, so that a file that is unlinked meanwhile counts twice rather than not at all.
        space.measured(sum + content.unlinkedBytes, since: before)
    }

    /// Removes tasks that were not read for too long (`gc.policy.taskTTL`).
    private func removeOldTasks() {
        guard let ttl = taskTTL else { return }
        recordUses()
        let oldest = now() - ttl
        var last: StoreKey?
        while !thread.isStopping, let batch = try? reader.tasks(after: last, limit: 256), let end = batch.last {
            for record in batch where lastUse(of: record) < oldest && evictor.evictTask(record) {
                health.update { $0.expiredTasks += 1 }
            }
            last = end.key
        }
    }

    private func lastUse(of record: TaskRecord) -> Timestamp {
        let used = (try? reader.openIndex().lastUse(of: record.key)) ?? nil
        return max(used ?? .epoch, record.createdAt, record.fetchedAt)
    }

    /// Records which tasks were used, in one commit for many.
    func recordUses() {
        let time = now()
        for key in evictor.recency.takeUsed() { writer.put(use: time, of: key) }
    }
}

import DragonflyIdentity
import Glibc
import SeedSupport

/// The one thread that writes to the index. Other threads hand it records without waiting; only `flush` waits.
final class IndexWriter: Sendable {
    /// Nil once stopped, so that the environment closes with the store.
    private let index: Lock<Index?>
    private let health: HealthRecorder
    private let queue: Monitor<WriteQueue>
    private let logger: Logger
    private let onRemoved: @Sendable ([FileName]) -> Void
    private let onCommitted: @Sendable (Int64) -> Void
    private let onVolumeFull: @Sendable (StorageError) -> Void
    private let isVolumeFull: @Sendable () -> Bool
    private let thread = Lock<PlatformThread?>(nil)

    /// - Parameters:
    ///   - onRemoved: called with the content files of generations that were removed or replaced; perhaps twice.
    ///   - onCommitted: called with the bytes of all records of tasks and aliases.
    ///   - onVolumeFull: called when a commit found no room on the volume; it is tried again.
    ///   - isVolumeFull: whether the volume has no room for a commit; may block.
    init(
        index: Index, pendingLimit: Int, health: HealthRecorder, logger: Logger,
        onRemoved: @escaping @Sendable ([FileName]) -> Void, onCommitted: @escaping @Sendable (Int64) -> Void,
        onVolumeFull: @escaping @Sendable (StorageError) -> Void, isVolumeFull: @escaping @Sendable () -> Bool
    ) {
        self.index = Lock(index)
        self.health = health
        self.logger = logger
        self.onRemoved = onRemoved
        self.onCommitted = onCommitted
        self.onVolumeFull = onVolumeFull
        self.isVolumeFull = isVolumeFull
        queue = Monitor(WriteQueue(limit: pendingLimit))
        thread.withLock { $0 = PlatformThread(name: "store-writer") { self.run() } }
    }

    // MARK: Any thread, without waiting

    func put(_ task: TaskRecord) {
        enqueue { $0.put(task, now: .now()) }
    }

    func put(_ piece: PieceRecord, of file: FileName, urgency: PieceStore.Urgency) {
        enqueue { $0.put(piece, of: file, urgency: urgency, now: .now()) }
    }

    /// Notes when a task was last read; with the next commit.
    func put(use time: Timestamp, of key: StoreKey) {
        enqueue { $0.put(use: time, of: key, now: .now()) }
    }

    /// Pins or unpins a task.
    func put(pin isPinned: Bool, of key: StoreKey) {
        enqueue { $0.put(pin: isPinned, of: key, now: .now()) }
    }

    func put(_ alias: TaskAlias, for key: StoreKey) {
        enqueue { $0.put(alias, for: key, now: .now()) }
    }

    func remove(_ file: FileName) {
        enqueue { $0.remove(file, now: .now()) }
    }

    private func enqueue(_ body: (inout WriteQueue) -> Bool?) {
        var isKept = true
        queue.signalIfNeeded { queue in
            let isDueSooner = body(&queue)
            isKept = isDueSooner != nil
            return isDueSooner ?? false
        }
        if !isKept { health.update { $0.droppedRecords += 1 } }
    }

    /// Records and removals that are not committed yet.
    var pendingCount: Int { queue.withLock { $0.pending.count + ($0.running?.count ?? 0) } }

    /// What is not committed yet of a key. Ask before reading the index: what is committed in between is then in both.
    func waiting(_ key: StoreKey) -> Waiting {
        queue.withLock { queue in
            var waiting = Waiting()
            for batch in [queue.running, queue.pending].compactMap({ $0 }) {
                waiting.add(batch, key)
            }
            return waiting
        }
    }

    // MARK: Blocking

    /// Waits until everything put before is committed.
    /// - Returns: false when the commit failed; it is tried again later.
    @discardableResult
    func flush() -> Bool {
        var number = 0
        queue.signal { number = $0.flush() }
        return queue.wait { queue in
            queue.outcome(of: number).map { .go($0) } ?? .wait(until: nil)
        }
    }

    /// Commits what is waiting, once, and ends the thread.
    func stop() {
        queue.signal { $0.stop() }
        thread.withLock { $0.take() }?.join()
        index.withLock { $0 = nil }
    }

    // MARK: The thread

    private func run() {
        while let batch = nextBatch() { commit(batch) }
    }

    private func nextBatch() -> PendingWrites? {
        queue.wait { queue in
            switch queue.next(now: .now()) {
            case .commit(let batch): .go(batch)
            case .wait(let deadline): .wait(until: deadline)
            case .finish: .go(nil)
            }
        }
    }

    private func commit(_ batch: PendingWrites) {
        guard let index = index.withLock({ $0 }) else { return }
        do throws(LMDBError) {
            let committed = try index.apply(batch)
            noteSuccess()
            onCommitted(committed.recordBytes)
            onRemoved(batch.removedFiles + committed.replaced)
            queue.signal { $0.succeeded() }
        } catch let cause {
            let isFull = cause.isShortWrite && isVolumeFull()
            let error = isFull ? LMDBError(code: ENOSPC, operation: cause.operation) : cause
            noteFailure(error)
            // Free space first: the retry needs it. A record without its file reads as missing.
            if error.isFull { onRemoved(batch.removedFiles) }
            if error.isVolumeFull { onVolumeFull(StorageError(error)) }
            queue.signal { $0.failed(now: .now()) }
        }
    }

    private func noteSuccess() {
        let before = health.update { health in
            health.failure = nil
            health.commits += 1
        }
        if before.failure != nil { logger.notice("the index is written again") }
    }

    /// Logged once, when it begins; it stays visible in the store's health.
    private func noteFailure(_ error: LMDBError) {
        let before = health.update { $0.failure = StorageError(error) }
        if before.failure == nil {
            logger.error("\(error); it is tried again; serving goes on, what is fetched meanwhile may be fetched again")
        }
    }
}

/// What waits for its commit, of one key.
struct Waiting {
    private(set) var task: TaskRecord?
    private(set) var alias: TaskAlias?
    /// Whether the task is pinned from then on; nil leaves it as it is.
    private(set) var isPinned: Bool?
    private(set) var removed: [UInt64] = []
    private(set) var pieces: [UInt64: [Int: PieceRecord]] = [:]

    /// Merges a later batch; its values win.
    fileprivate mutating func add(_ batch: PendingWrites, _ key: StoreKey) {
        let gone = batch.removals[key] ?? []
        removed += gone
        if let known = task, gone.contains(known.generation) { task = nil }
        task = batch.tasks[key] ?? task
        alias = batch.aliases[key] ?? alias
        isPinned = batch.pins[key] ?? isPinned
        pieces = pieces.filter { !gone.contains($0.key) }
        for (file, records) in batch.pieces where file.key == key {
            pieces[file.generation, default: [:]].merge(records) { $1 }
        }
    }
}

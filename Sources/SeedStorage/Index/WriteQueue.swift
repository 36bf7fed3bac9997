import DragonflyIdentity
import SeedSupport

/// When the writer commits, and what: the decisions of the group commit. Pure logic, no I/O.
struct WriteQueue {
    /// The longest that a record waits for its commit, by urgency.
    private static let soon = Duration.milliseconds(10)
    private static let lazy = Duration.seconds(2)
    /// So many records are committed at once.
    private static let groupSize = 256
    /// Between attempts while commits fail.
    private static let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))

    enum Step {
        case commit(PendingWrites)
        case wait(until: MonotonicTime?)
        case finish
    }

    /// What waits for the next commit.
    private(set) var pending = PendingWrites()
    /// What the running commit writes.
    private(set) var running: PendingWrites?
    private let limit: Int

    private var due: MonotonicTime?
    private var retryAt: MonotonicTime?
    /// Commits in a row that failed.
    private var failures = 0
    private var isFlushing = false
    private var isStopping = false

    private var begun = 0
    private var ended = 0
    private var lastSuccess = 0

    init(limit: Int) {
        self.limit = limit
    }

    // MARK: Callers

    /// - Returns: nil when the record was dropped for lack of room, else whether the writer must look again.
    mutating func put(_ task: TaskRecord, now: MonotonicTime) -> Bool? {
        guard hasRoom || pending.tasks[task.key] != nil else { return nil }
        pending.put(task)
        return isDueSooner(by: Self.soon, now)
    }

    mutating func put(
        _ piece: PieceRecord, of file: FileName, urgency: PieceStore.Urgency, now: MonotonicTime
    ) -> Bool? {
        guard hasRoom || pending.contains(piece, of: file) else { return nil }
        pending.put(piece, of: file)
        return isDueSooner(by: urgency == .soon ? Self.soon : Self.lazy, now)
    }

    mutating func put(use time: Timestamp, of key: StoreKey, now: MonotonicTime) -> Bool? {
        guard hasRoom || pending.uses[key] != nil else { return nil }
        pending.put(use: time, of: key)
        return isDueSooner(by: Self.lazy, now)
    }

    mutating func put(pin isPinned: Bool, of key: StoreKey, now: MonotonicTime) -> Bool? {
        guard hasRoom || pending.pins[key] != nil else { return nil }
        pending.put(pin: isPinned, of: key)
        return isDueSooner(by: Self.soon, now)
    }

    mutating func put(_ alias: TaskAlias, for key: StoreKey, now: MonotonicTime) -> Bool? {
        guard hasRoom || pending.aliases[key] != nil else { return nil }
        pending.put(alias, for: key)
        return isDueSooner(by: Self.lazy, now)
    }

    /// Always kept: a lost removal would leave a file without a record.
    mutating func remove(_ file: FileName, now: MonotonicTime) -> Bool {
        pending.remove(file)
        return isDueSooner(by: Self.soon, now)
    }

    private var hasRoom: Bool { !isStopping && pending.count < limit }

    private mutating func isDueSooner(by delay: Duration, _ now: MonotonicTime) -> Bool {
        let wanted = pending.count >= Self.groupSize ? now : now + delay
        if let due, due <= wanted { return false }
        due = wanted
        return true
    }

    /// Asks for a commit of everything put so far.
    /// - Returns: the number of the commit to wait for.
    mutating func flush() -> Int {
        guard !pending.isEmpty else { return begun }
        isFlushing = true
        return begun + 1
    }

    /// Whether commit `number` has ended, and if so, whether everything it had to write is on disk.
    func outcome(of number: Int) -> Bool? {
        guard ended >= number else { return nil }
        return lastSuccess >= number
    }

    mutating func stop() { isStopping = true }

    // MARK: The writer

    mutating func next(now: MonotonicTime) -> Step {
        if pending.isEmpty { return isStopping ? .finish : .wait(until: nil) }
        if !isStopping, !isFlushing {
            let time = max(due ?? now, retryAt ?? now)
            if time > now { return .wait(until: time) }
        }
        let batch = pending
        running = batch
        pending = PendingWrites()
        due = nil
        isFlushing = false
        begun += 1
        return .commit(batch)
    }

    mutating func succeeded() {
        ended = begun
        lastSuccess = begun
        running = nil
        retryAt = nil
        failures = 0
    }

    /// Puts the batch back, under what came meanwhile. A writer that is stopping drops it.
    mutating func failed(now: MonotonicTime) {
        ended = begun
        if var batch = running.take(), !isStopping {
            batch.absorb(pending)
            pending = batch
        }
        if isStopping { pending = PendingWrites() }
        due = now
        failures += 1
        retryAt = now + Self.backoff.pause(afterFailures: failures)
    }
}

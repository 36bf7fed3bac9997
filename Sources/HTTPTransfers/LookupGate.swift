import SeedSupport

/// Bounds the name lookups that run at once. A value without I/O: the driver acts on what it returns.
///
/// curl starts a thread for each lookup, which can't be stopped: one that is given up keeps its place for a while.
struct LookupGate<Waiter> {
    enum Admission: Equatable {
        /// A place is taken; `finish` or `abandon` gives it back.
        case lookUp
        /// The name was looked up a moment ago, and curl still knows it.
        case known
        /// `next` will hand it out.
        case wait
        /// Too many wait already.
        case refused
    }

    private let limit: Int
    private let longestLine: Int
    private var running = 0
    private let patience: Duration
    private var waiting = FIFO<(name: String, waiter: Waiter, since: MonotonicTime)>()
    private var known: [String: MonotonicTime] = [:]
    private var abandoned: [MonotonicTime] = []

    /// Less than the minute for which curl keeps a name.
    private static var memory: Duration { .seconds(50) }
    /// What a resolver's own time limits come to.
    private static var longestLookup: Duration { .seconds(15) }
    private static var namesKept: Int { 4_096 }

    /// - Parameter patience: how long one waits at most.
    init(limit: Int, longestLine: Int = 1_024, patience: Duration = .seconds(10)) {
        self.limit = limit
        self.patience = patience
        self.longestLine = longestLine
    }

    mutating func admit(_ name: String, _ waiter: Waiter, now: MonotonicTime) -> Admission {
        reclaim(now)
        if knows(name, now: now) { return .known }
        if running < limit {
            running += 1
            return .lookUp
        }
        guard waiting.count < longestLine else { return .refused }
        waiting.append((name, waiter, now))
        return .wait
    }

    /// A lookup has ended, well or not.
    mutating func finish(_ name: String, succeeded: Bool, now: MonotonicTime) {
        running -= 1
        guard succeeded else { return }
        if known.count >= Self.namesKept { known = known.filter { now < $0.value } }
        if known.count >= Self.namesKept { known = [:] }
        known[name] = now + Self.memory
    }

    /// A lookup's transfer is gone, while its thread goes on.
    mutating func abandon(now: MonotonicTime) {
        abandoned.append(now + Self.longestLookup)
    }

    /// The next that may be submitted again.
    mutating func next(now: MonotonicTime) -> Waiter? {
        reclaim(now)
        guard let first = waiting.first else { return nil }
        guard running < limit || knows(first.name, now: now) else { return nil }
        return waiting.popFirst()?.waiter
    }

    /// Takes one out that waits, whatever for.
    mutating func withdraw(where isIt: (Waiter) -> Bool) {
        waiting = FIFO(waiting.filter { !isIt($0.waiter) })
    }

    /// Those who have waited too long. They wait no more.
    mutating func overdue(now: MonotonicTime) -> [Waiter] {
        var overdue: [Waiter] = []
        while let first = waiting.first, now - first.since >= patience {
            overdue.append(first.waiter)
            _ = waiting.popFirst()
        }
        return overdue
    }

    /// When `next` or `overdue` may name one by the passing of time alone.
    var nextMoment: MonotonicTime? {
        guard let first = waiting.first else { return nil }
        return min(first.since + patience, nextReclaim ?? first.since + patience)
    }

    private func knows(_ name: String, now: MonotonicTime) -> Bool {
        known[name].map { now < $0 } ?? false
    }

    /// When a place that was abandoned comes back to one that waits.
    var nextReclaim: MonotonicTime? { waiting.isEmpty ? nil : abandoned.first }

    private mutating func reclaim(_ now: MonotonicTime) {
        guard let first = abandoned.first, first <= now else { return }
        let over = abandoned.prefix { $0 <= now }.count
        abandoned.removeFirst(over)
        running -= over
    }
}

import SeedSupport

/// Limits concurrent name lookups. Pure logic, no I/O: the driver acts on what it returns.
///
/// curl starts a thread for each lookup, which can't be stopped: one that is given up keeps its place for a while.
struct LookupGate<Waiter> {
    enum Admission: Equatable {
        /// A place is taken; `finish` or `abandon` gives it back.
        case lookUp
        /// The name was looked up a moment ago, and curl still knows it.
        case known
        /// `next` will return it: all places are taken, or the name is being looked up already.
        case wait
        /// Too many wait already.
        case refused
    }

    private struct Entry {
        let name: String
        let waiter: Waiter
        let since: MonotonicTime
    }

    private let limit: Int
    private let longestLine: Int
    private var running = 0
    private let patience: Duration
    /// For a place.
    private var waiting = FIFO<Entry>()
    /// Names being looked up, and their waiters, which take no place and no room in the queue.
    private var underWay: [String: FIFO<Entry>] = [:]
    /// Waiters of finished lookups.
    private var ready = FIFO<Entry>()
    private var known: [String: MonotonicTime] = [:]
    private var abandoned: [MonotonicTime] = []

    /// Less than the minute for which curl keeps a name.
    private static var memory: Duration { .seconds(50) }
    /// What a resolver's own time limits come to.
    private static var longestLookup: Duration { .seconds(15) }
    private static var namesKept: Int { 4_096 }

    /// - Parameter patience: the longest wait.
    init(limit: Int, longestLine: Int = 1_024, patience: Duration = .seconds(10)) {
        self.limit = limit
        self.patience = patience
        self.longestLine = longestLine
    }

    /// - Parameter since: when the waiter began to wait; nil: now.
    mutating func admit(
        _ name: String, _ waiter: Waiter, since: MonotonicTime? = nil, now: MonotonicTime
    ) -> Admission {
        reclaim(now)
        if knows(name, now: now) { return .known }
        let entry = Entry(name: name, waiter: waiter, since: since ?? now)
        if underWay[name] != nil {
            underWay[name]?.append(entry)
            return .wait
        }
        if running < limit {
            running += 1
            underWay[name] = FIFO()
            return .lookUp
        }
        guard waiting.count < longestLine else { return .refused }
        waiting.append(entry)
        return .wait
    }

    /// A lookup has ended, well or not.
    mutating func finish(_ name: String, succeeded: Bool, now: MonotonicTime) {
        running -= 1
        release(name)
        guard succeeded else { return }
        if known.count >= Self.namesKept { known = known.filter { now < $0.value } }
        if known.count >= Self.namesKept { known = [:] }
        known[name] = now + Self.memory
    }

    /// A lookup's transfer is gone, while its thread goes on.
    mutating func abandon(_ name: String, now: MonotonicTime) {
        abandoned.append(now + Self.longestLookup)
        release(name)
    }

    private mutating func release(_ name: String) {
        guard let followers = underWay.removeValue(forKey: name) else { return }
        for entry in followers { ready.append(entry) }
    }

    /// The next that may be submitted again.
    mutating func next(now: MonotonicTime) -> Waiter? {
        reclaim(now)
        while let first = ready.first, underWay[first.name] != nil, !knows(first.name, now: now) {
            underWay[first.name]?.append(first)
            _ = ready.popFirst()
        }
        if let first = ready.first, running < limit || knows(first.name, now: now) { return ready.popFirst()?.waiter }
        guard let first = waiting.first else { return nil }
        guard running < limit || underWay[first.name] != nil || knows(first.name, now: now) else { return nil }
        return waiting.popFirst()?.waiter
    }

    /// Removes a waiter.
    mutating func withdraw(where isIt: (Waiter) -> Bool) {
        waiting = FIFO(waiting.filter { !isIt($0.waiter) })
        ready = FIFO(ready.filter { !isIt($0.waiter) })
        underWay = underWay.mapValues { FIFO($0.filter { !isIt($0.waiter) }) }
    }

    /// Removes and returns those that have waited too long.
    mutating func overdue(now: MonotonicTime) -> [Waiter] {
        var overdue = takeOverdue(&waiting, now) + takeOverdue(&ready, now)
        for name in underWay.keys { overdue += takeOverdue(&underWay[name, default: FIFO()], now) }
        return overdue
    }

    private func takeOverdue(_ line: inout FIFO<Entry>, _ now: MonotonicTime) -> [Waiter] {
        var overdue: [Waiter] = []
        while let first = line.first, now - first.since >= patience {
            overdue.append(first.waiter)
            _ = line.popFirst()
        }
        return overdue
    }

    /// When `next` or `overdue` may return one without another event.
    var nextMoment: MonotonicTime? {
        let heads = [waiting.first, ready.first] + underWay.values.map(\.first)
        guard let earliest = heads.compactMap({ $0?.since }).min() else { return nil }
        return min(earliest + patience, nextReclaim ?? earliest + patience)
    }

    private func knows(_ name: String, now: MonotonicTime) -> Bool {
        known[name].map { now < $0 } ?? false
    }

    /// When a place that was abandoned comes back to one that waits.
    var nextReclaim: MonotonicTime? { waiting.isEmpty && ready.isEmpty ? nil : abandoned.first }

    private mutating func reclaim(_ now: MonotonicTime) {
        guard let first = abandoned.first, first <= now else { return }
        let over = abandoned.prefix { $0 <= now }.count
        abandoned.removeFirst(over)
        running -= over
    }
}

package import SeedSupport

/// Limits the bytes received from origins: one rate for everything, one for background transfers. Pure logic, no I/O:
/// the driver asks before it takes bytes, and retries when released.
///
/// Each class leaves a part of the bucket to those above it: under pressure demand comes first, then completion, then
/// prefetch.
package struct BandwidthLimiter {
    private var all: Rate?
    private var background: Rate?
    private var waiting: [(id: UInt64, priority: OriginPriority)] = []

    /// - Parameters:
    ///   - all: bytes per second, at least 1; nil: no limit.
    ///   - background: the same for what no client waits for.
    package init(all: Int64?, background: Int64?, now: MonotonicTime) {
        self.all = all.map { Rate($0, now: now) }
        self.background = background.map { Rate($0, now: now) }
    }

    /// Whether bytes may be taken now. If not, the transfer waits until `release` names it.
    package mutating func admit(_ id: UInt64, _ priority: OriginPriority, now: MonotonicTime) -> Bool {
        guard all != nil || background != nil else { return true }
        if delay(priority, surplus: 0, now: now) == .zero { return true }
        waiting.append((id, priority))
        return false
    }

    package mutating func took(_ count: Int, _ priority: OriginPriority) {
        all?.take(count)
        if priority != .demand { background?.take(count) }
    }

    /// The transfers that may go on, the most urgent first.
    package mutating func release(now: MonotonicTime) -> [UInt64] {
        guard !waiting.isEmpty else { return [] }
        let mayGo = OriginPriority.allCases.map { delay($0, surplus: 1, now: now) == .zero }
        let released = waiting.filter { mayGo[$0.priority.rawValue] }
        waiting.removeAll { mayGo[$0.priority.rawValue] }
        return released.sorted { $0.priority < $1.priority }.map(\.id)
    }

    /// How long until `release` may name one; nil if none waits.
    package mutating func nextRelease(now: MonotonicTime) -> Duration? {
        Set(waiting.map(\.priority)).map { delay($0, surplus: 1, now: now) }.min()
    }

    package mutating func raise(_ id: UInt64, to priority: OriginPriority) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting[index].priority = min(priority, waiting[index].priority)
    }

    package mutating func withdraw(_ id: UInt64) {
        waiting.removeAll { $0.id == id }
    }

    /// - Parameter surplus: quanta beyond the class's own floor that must be there.
    private mutating func delay(
        _ priority: OriginPriority, surplus: Int64, now: MonotonicTime
    ) -> Duration {
        let inAll = all?.delay(untilQuanta: Int64(priority.rawValue) * 2 + surplus, now: now) ?? .zero
        guard priority != .demand else { return inAll }
        let behind: Int64 = priority == .prefetch ? 2 : 0
        return max(inAll, background?.delay(untilQuanta: behind + surplus, now: now) ?? .zero)
    }
}

/// Bytes that may be received: filled at a rate, up to a tenth of a second's worth. It may be overdrawn by the buffer
/// that was taken last, which is then waited for.
private struct Rate {
    /// A hundredth of a second's worth, but no less than a few of curl's buffers: shorter waits would be all wake-ups.
    private let quantum: Double
    private var bucket: TokenBucket

    /// - Parameter rate: bytes per second, at least 1.
    init(_ rate: Int64, now: MonotonicTime) {
        let rate = Double(max(1, rate))
        quantum = max(16 * 1024, rate / 100)
        bucket = TokenBucket(rate: rate, capacity: quantum * 10, now: now)
    }

    mutating func take(_ count: Int) {
        bucket.take(Double(count))
    }

    /// Zero if there is more than nothing and at least so many quanta; else how long that takes.
    mutating func delay(untilQuanta count: Int64, now: MonotonicTime) -> Duration {
        bucket.delay(until: max(quantum * Double(count), 1), now: now)
    }
}

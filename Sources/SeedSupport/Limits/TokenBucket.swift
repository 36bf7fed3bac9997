/// Tokens that come at a rate, up to a capacity. A value without a clock.
///
/// It may be overdrawn; the next taker waits for that.
package struct TokenBucket: Sendable {
    package let rate: Double
    package let capacity: Double
    private var level: Double
    private var filledAt: MonotonicTime

    /// Starts full.
    /// - Parameters:
    ///   - rate: tokens a second, more than 0.
    ///   - capacity: the most it holds.
    package init(rate: Double, capacity: Double, now: MonotonicTime) {
        self.rate = rate
        self.capacity = capacity
        level = capacity
        filledAt = now
    }

    /// Takes `count` tokens, whether they are there or not.
    package mutating func take(_ count: Double) {
        level -= count
    }

    /// Takes `count` tokens, whether they are there or not.
    /// - Returns: how long until the bucket is not overdrawn any more.
    package mutating func take(_ count: Double, now: MonotonicTime) -> Duration {
        fill(now)
        take(count)
        return delay(until: 0, now: now)
    }

    /// Takes `count` tokens if they are there.
    package mutating func takeIfThere(_ count: Double, now: MonotonicTime) -> Bool {
        guard delay(until: count, now: now) == .zero else { return false }
        take(count)
        return true
    }

    /// How long until it holds `count` tokens; zero when it does.
    package mutating func delay(until count: Double, now: MonotonicTime) -> Duration {
        fill(now)
        return level >= count ? .zero : .seconds((count - level) / rate)
    }

    private mutating func fill(_ now: MonotonicTime) {
        guard now > filledAt else { return }
        level = min(capacity, level + (now - filledAt).inSeconds * rate)
        filledAt = now
    }
}

import SeedStorage

/// How often, and how soon, a task's flights are tried again before its readers are told.
struct RetryBudget: Sendable, Equatable {
    enum Decision: Sendable, Equatable {
        /// Tried again after this many milliseconds; which of them is left to chance, so that seed peers don't all
        /// come back at once.
        case retry(in: ClosedRange<Int64>)
        case giveUp
    }

    /// Between two tries, unless the origin asks for more.
    static let longestPause = Duration.seconds(5)

    private(set) var failures = 0
    private var failingSince: Int64 = 0
    private var progress: Int64 = 0
    private var firstToCount: UInt64 = 0
    private var latest: ClosedRange<Int64> = 0...0

    /// A block's worth of new bytes forgives the failures before it.
    mutating func wrote(_ count: Int64) {
        guard failures > 0 else { return }
        progress += count
        if progress >= BlockGrid.blockLength { failures = 0 }
    }

    /// Counts a failure. Flights that were under way when one was counted share its cause and are not counted again.
    ///
    /// - Parameters:
    ///   - next: the number the next flight will have.
    ///   - asked: how long the origin asks to wait, in milliseconds.
    mutating func failed(
        _ flight: UInt64, next: UInt64, asked: Int64?, now: Int64, _ limits: EngineConfiguration
    ) -> Decision {
        guard flight >= firstToCount else { return .retry(in: latest) }
        firstToCount = next
        if failures == 0 { failingSince = now }
        failures += 1
        progress = 0
        latest = Self.delay(failures: failures, asked: asked)
        let isInTime = now + latest.upperBound - failingSince <= limits.retryDeadline
        return failures <= limits.maxRetries && isInTime ? .retry(in: latest) : .giveUp
    }

    /// Twice as long each time, up to `longestPause`; never sooner than the origin asks.
    private static func delay(failures: Int, asked: Int64?) -> ClosedRange<Int64> {
        let longest = min(Int64(100) << Int64(min(failures, 10) - 1), longestPause.components.seconds * 1000)
        let soonest = max(longest / 2, min(asked ?? 0, Int64(1) << 32))
        return soonest...max(longest, soonest + soonest / 10)
    }
}

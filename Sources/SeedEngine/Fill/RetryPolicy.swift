import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Whether the same request may be made again.
enum Retry: Sendable, Equatable {
    case never
    case later
    /// Not before so long: the origin asks for that.
    case after(Duration)
}

extension Retry {
    init(_ head: OriginHead, now: Timestamp) {
        guard RetryRule.isRetryable(status: head.status) else {
            self = .never
            return
        }
        self = head.headers.retryAfter.map { .after(.seconds($0.delay(now: now.seconds))) } ?? .later
    }

    init(_ error: OriginError) {
        // A circuit that stays open for long is not waited for: the client may have an alternative.
        let isLeftAlone = error.kind == .circuitOpen && (error.retryAfter ?? .zero) > RetryBudget.longestPause
        guard error.isRetryable, !isLeftAlone else {
            self = .never
            return
        }
        self = error.retryAfter.map { .after($0) } ?? .later
    }
}

/// How often, and after what pauses, a task's flights are retried before its readers get the error.
struct RetryBudget: Sendable, Equatable {
    enum Decision: Sendable, Equatable {
        /// Tried again after a pause of this range; chosen at random, so that seed peers don't all retry at once.
        case retry(in: ClosedRange<Duration>)
        case giveUp
    }

    /// Between two tries, unless the origin asks for more.
    static let longestPause = Duration.seconds(5)
    private static let backoff = Backoff(first: .milliseconds(100), longest: longestPause)
    /// Longer than any deadline, and short enough to avoid overflow.
    private static let longestAsked = Duration.seconds(1 << 22)

    private(set) var failures = 0
    private var failingSince = MonotonicTime(nanoseconds: 0)
    private var progress: Int64 = 0
    private var firstToCount: UInt64 = 0
    private var latest: ClosedRange<Duration> = .zero ... .zero

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
    ///   - asked: how long the origin asks to wait.
    mutating func failed(
        _ flight: UInt64, next: UInt64, asked: Duration?, now: MonotonicTime, _ limits: EngineConfiguration
    ) -> Decision {
        guard flight >= firstToCount else { return .retry(in: latest) }
        firstToCount = next
        if failures == 0 { failingSince = now }
        failures += 1
        progress = 0
        latest = Self.delay(failures: failures, asked: asked)
        let isInTime = now - failingSince + latest.upperBound <= limits.retryDeadline
        return failures <= limits.maxRetries && isInTime ? .retry(in: latest) : .giveUp
    }

    /// Twice as long each time, up to `longestPause`; never sooner than the origin asks.
    private static func delay(failures: Int, asked: Duration?) -> ClosedRange<Duration> {
        let longest = backoff.pause(afterFailures: failures)
        let soonest = max(longest / 2, min(asked ?? .zero, longestAsked))
        return soonest...max(longest, soonest + soonest / 10)
    }
}

extension Duration {
    /// Any duration of the range, to the nanosecond.
    static func random(in range: ClosedRange<Duration>) -> Duration {
        .nanoseconds(Int64.random(in: range.lowerBound.nanoseconds...range.upperBound.nanoseconds))
    }
}

import SeedSupport

/// A token bucket for all requests of the server (`proxy.server.requestRateLimit`): it holds one second's worth.
final class RequestRateLimiter: Sendable {
    private let bucket: Lock<TokenBucket>

    /// - Parameter perSecond: requests; 0 means no limit, and no limiter.
    init?(perSecond: Int, now: MonotonicTime = .now()) {
        guard perSecond > 0 else { return nil }
        bucket = Lock(TokenBucket(rate: Double(perSecond), capacity: Double(perSecond), now: now))
    }

    /// False when the request exceeds the limit.
    func take(now: MonotonicTime = .now()) -> Bool {
        bucket.withLock { $0.takeIfThere(1, now: now) }
    }
}

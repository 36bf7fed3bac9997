/// How often a failed request is retried, and with what delays.
public struct RetryPolicy: Hashable, Sendable {
    /// 0 to 10, for the whole get, resumptions included. When they are used up by seed peers that are gone, and discovery
    /// then finds healthy ones, the get may be tried as often again, once; with 0 never.
    public var maxRetries: Int
    /// Nil retries at once, at the next seed peer.
    public var backoff: Backoff?

    /// Accepts any values: the clients throw ``DragonflyError/invalidArgument(_:)`` for invalid ones.
    public init(maxRetries: Int = 1, backoff: Backoff? = nil) {
        self.maxRetries = maxRetries
        self.backoff = backoff
    }

    /// How long to wait before a retry. Retries are counted from 0.
    public func delay(beforeRetry retry: Int) -> Duration {
        backoff?.delay(beforeRetry: retry) ?? .zero
    }

    func validate() throws(DragonflyError) {
        guard (0...10).contains(maxRetries) else {
            throw .invalidArgument("maxRetries is \(maxRetries); 0 to 10 is allowed")
        }
    }
}

/// Growing pauses.
public struct Backoff: Hashable, Sendable {
    private let initial: Duration
    private let maximum: Duration
    private let factor: Double
    private let jitter: Bool

    /// `initial`, then each time `factor` times as long, at most `maximum`. A factor below 1 counts as 1; a pause of 0
    /// or less is skipped. With `jitter`, each pause is random between 0 and its length, so that clients don't return
    /// at once.
    public static func exponential(
        initial: Duration = .milliseconds(100), maximum: Duration = .seconds(10), factor: Double = 2,
        jitter: Bool = true
    ) -> Backoff {
        Backoff(initial: initial, maximum: maximum, factor: max(factor, 1), jitter: jitter)
    }

    func delay(beforeRetry retry: Int) -> Duration {
        var delay = initial
        for _ in 0..<retry where delay < maximum { delay = delay * factor }
        delay = min(delay, maximum)
        return jitter ? delay * Double.random(in: 0...1) : delay
    }
}

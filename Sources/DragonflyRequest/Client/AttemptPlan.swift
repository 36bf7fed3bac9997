/// Which endpoint each attempt of one request goes to, and when.
struct AttemptPlan: Sendable {
    struct Attempt: Equatable, Sendable {
        let endpoint: Endpoint
        /// To wait before it.
        let delay: Duration
    }

    private let endpoints: [Endpoint]
    private let retry: RetryPolicy
    private var started = 0

    /// - Parameter endpoints: in the order in which they are asked, again and again.
    init(endpoints: [Endpoint], retry: RetryPolicy) {
        self.endpoints = endpoints
        self.retry = retry
    }

    /// Nil when all attempts have been made.
    mutating func next() -> Attempt? {
        guard !endpoints.isEmpty, started <= retry.maxRetries else { return nil }
        let delay = started == 0 ? .zero : retry.delay(beforeRetry: started - 1)
        defer { started += 1 }
        return Attempt(endpoint: endpoints[started % endpoints.count], delay: delay)
    }
}

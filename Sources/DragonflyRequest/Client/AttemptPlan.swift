/// Which endpoint each attempt of one request goes to, and when. A value without I/O.
struct AttemptPlan: Sendable {
    struct Attempt: Equatable, Sendable {
        let endpoint: Endpoint
        /// To wait before it.
        let delay: Duration
    }

    private let retry: RetryPolicy
    /// In the order in which they are asked, again and again.
    private var order: [Endpoint] = []
    private var place = 0
    private var tried: Set<Endpoint> = []
    private var made = 0
    private var isRenewed = false

    init(retry: RetryPolicy) {
        self.retry = retry
    }

    /// - Parameter endpoints: those to ask now. As long as they are the same their first order holds; then those that
    ///   were not asked yet come first, and among them those that were known before.
    /// - Returns: nil when all attempts have been made.
    mutating func next(among endpoints: [Endpoint]) -> Attempt? {
        guard !endpoints.isEmpty, made <= retry.maxRetries else { return nil }
        if Set(endpoints) != Set(order) { rearrange(endpoints) }
        let delay = made == 0 ? .zero : retry.delay(beforeRetry: made - 1)
        let endpoint = order[place % order.count]
        (place, made) = (place + 1, made + 1)
        tried.insert(endpoint)
        return Attempt(endpoint: endpoint, delay: delay)
    }

    private mutating func rearrange(_ endpoints: [Endpoint]) {
        let kept = order.filter(endpoints.contains)
        let known = kept + endpoints.filter { !kept.contains($0) }
        order = known.filter { !tried.contains($0) } + known.filter(tried.contains)
        place = 0
    }

    /// Whether there may be further attempts by `renew`. A get that is not to be tried again is not.
    var isRenewable: Bool { !isRenewed && retry.maxRetries > 0 }

    /// As many attempts again, once: discovery has found seed peers healthy since.
    mutating func renew() {
        if isRenewable { (isRenewed, made) = (true, 0) }
    }
}

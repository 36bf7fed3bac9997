import SeedSupport

/// Simple counters of what a client does.
public final class RequestCounters: RequestMetrics {
    /// What was counted up to one moment.
    public struct Values: Hashable, Sendable {
        /// Requests sent, retries included.
        public var attempts = 0
        /// Attempts that failed in head or body.
        public var failures = 0
        /// Responses of which all bytes were held, as `Cache-Status` says.
        public var hits = 0
        /// Responses for which bytes had to be fetched.
        public var misses = 0
        /// Responses that went past the cache.
        public var bypasses = 0
        /// Bodies resumed at another seed peer.
        public var resumptions = 0
        /// Requests that were sent to the origin, as no seed peer could be used.
        public var fallbacks = 0
        /// Body bytes handed to callers.
        public var receivedBytes = 0
        /// Failed discoveries; the ring stayed as it was.
        public var discoveryFailures = 0
        /// ``attempts`` by endpoint.
        public var attemptsByEndpoint: [String: Int] = [:]
    }

    private let state = Lock(Values())

    /// All counters are 0.
    public init() {}

    /// All counters at one moment.
    public var values: Values { state.withLock { $0 } }

    public func record(_ event: RequestEvent) {
        state.withLock { $0.count(event) }
    }
}

extension RequestCounters.Values {
    fileprivate mutating func count(_ event: RequestEvent) {
        switch event {
        case .attempt(let endpoint):
            attempts += 1
            attemptsByEndpoint[endpoint, default: 0] += 1
        case .response(_, let status):
            switch status {
            case .hit: hits += 1
            case .miss: misses += 1
            case .bypass: bypasses += 1
            case nil: break
            }
        case .failure: failures += 1
        case .resumption: resumptions += 1
        case .fallback: fallbacks += 1
        case .received(let bytes): receivedBytes += bytes
        case .discoveryFailure: discoveryFailures += 1
        case .ring: break
        }
    }
}

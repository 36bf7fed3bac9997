import SeedOrigin

extension TaskMachine {
    /// Whether the same request may be made again.
    enum Retry: Sendable, Equatable {
        case never
        case later
        /// Not before so many milliseconds: the origin asks for that.
        case after(Int64)
    }
}

extension TaskMachine.Retry {
    /// - Parameter now: in milliseconds since 1970.
    init(_ head: OriginHead, now: Int64) {
        guard RetryRule.isRetryable(status: head.status) else {
            self = .never
            return
        }
        self = RetryRule.delay(head, now: now / 1000).map { .after($0 * 1000) } ?? .later
    }

    init(_ error: OriginError) {
        // A host that is left alone for long is not waited for: the client may know another way.
        let isLeftAlone = error.kind == .circuitOpen && (error.retryAfter ?? .zero) > RetryBudget.longestPause
        guard error.isRetryable, !isLeftAlone else {
            self = .never
            return
        }
        self = error.retryAfter.map { .after($0.components.seconds * 1000 + 999) } ?? .later
    }
}

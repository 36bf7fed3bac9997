import HTTPSemantics
import SeedOrigin
import SeedSupport

extension TaskMachine {
    /// Whether the same request may be made again.
    enum Retry: Sendable, Equatable {
        case never
        case later
        /// Not before so long: the origin asks for that.
        case after(Duration)
    }
}

extension TaskMachine.Retry {
    init(_ head: OriginHead, now: Timestamp) {
        guard RetryRule.isRetryable(status: head.status) else {
            self = .never
            return
        }
        self = head.headers.retryAfter.map { .after(.seconds($0.delay(now: now.seconds))) } ?? .later
    }

    init(_ error: OriginError) {
        // A host that is left alone for long is not waited for: the client may know another way.
        let isLeftAlone = error.kind == .circuitOpen && (error.retryAfter ?? .zero) > RetryBudget.longestPause
        guard error.isRetryable, !isLeftAlone else {
            self = .never
            return
        }
        self = error.retryAfter.map { .after($0) } ?? .later
    }
}

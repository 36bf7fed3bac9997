import NIOCore
import Synchronization

/// A token bucket for all requests of the server (`proxy.server.requestRateLimit`): it holds one second's worth.
final class RequestRateLimiter: Sendable {
    private struct State {
        var tokens: Double
        var filled: NIODeadline
    }

    private let rate: Double
    private let state: Mutex<State>

    /// - Parameter perSecond: requests; 0 means no limit, and no limiter.
    init?(perSecond: Int, now: NIODeadline = .now()) {
        guard perSecond > 0 else { return nil }
        rate = Double(perSecond)
        state = Mutex(State(tokens: rate, filled: now))
    }

    /// False when the request is one too many.
    func take(now: NIODeadline = .now()) -> Bool {
        state.withLock { state in
            if now > state.filled {
                let seconds = Double((now - state.filled).nanoseconds) / 1e9
                state.tokens = min(rate, state.tokens + seconds * rate)
                state.filled = now
            }
            guard state.tokens >= 1 else { return false }
            state.tokens -= 1
            return true
        }
    }
}

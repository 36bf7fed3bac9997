import SeedSupport

/// What a supervisor does when its server has ended. Pure logic; `Supervisor` acts.
struct Supervision: Sendable {
    enum End: Equatable, Sendable, CustomStringConvertible {
        case exited(Int32)
        /// By a signal: a crash, unless it was asked for.
        case killed(Int32)

        var description: String {
            switch self {
            case .exited(let code): "ended with code \(code)"
            case .killed(let signal): "killed by signal \(signal)"
            }
        }
    }

    enum Step: Equatable, Sendable {
        case start(after: Duration)
        /// With this exit code.
        case end(Int32)
    }

    /// A server that ran for this long started successfully.
    static let steady = Duration.seconds(60)
    private static let pauses = Backoff(first: .milliseconds(100), longest: .seconds(30))

    /// One after another, none of which ran for long.
    private var crashes = 0
    /// A stop was requested.
    var isStopping = false

    /// The first crash is followed by a new server at once, others by one after a growing pause. A server that exits by
    /// itself, cleanly or because it could not start, would do so again.
    mutating func serverEnded(_ end: End, after lifetime: Duration) -> Step {
        switch end {
        case .exited(let code): return .end(code)
        // As a shell tells it.
        case .killed(let signal) where isStopping: return .end(128 + signal)
        case .killed:
            crashes = lifetime < Self.steady ? crashes + 1 : 1
            return .start(after: crashes == 1 ? .zero : Self.pauses.pause(afterFailures: crashes - 1))
        }
    }
}

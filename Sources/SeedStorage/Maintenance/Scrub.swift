import SeedSupport

/// The thread that reads the store through, at a bounded rate, round after round.
final class Scrub: Sendable {
    /// Between two rounds.
    private static let rest = Duration.seconds(60)

    /// Looks at what comes after a piece.
    /// - Returns: what it looked at and how many bytes it read; nil at the end.
    typealias Step = @Sendable (PieceName?) -> (last: PieceName, bytes: Int64)?

    private struct State {
        var isStopping = false
        /// Without capacity: what was not read in time is not made up for.
        var bytes: TokenBucket
    }

    private let state: Monitor<State>
    private let rate: Int64
    private let thread = Monitor<PlatformThread?>(nil)

    /// - Parameter rate: bytes a second; 0 reads nothing.
    init(rate: Int64) {
        self.rate = rate
        state = Monitor(State(bytes: TokenBucket(rate: Double(max(rate, 1)), capacity: 0, now: .now())))
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func start(_ step: @escaping Step) {
        guard rate > 0 else { return }
        thread.withLock { $0 = PlatformThread(name: "store-scrub") { self.run(step) } }
    }

    /// Ends the thread. Blocking.
    func stop() {
        state.signal { $0.isStopping = true }
        thread.withLock { $0.take() }?.join()
    }

    private func run(_ step: Step) {
        var last: PieceName?
        while !isStopping {
            last = step(last)?.last
            if last == nil { wait(Self.rest) }
        }
    }

    /// Waits for as long as these bytes may take, counted from the end of the last wait. Cut short by `stop`.
    func pace(_ bytes: Int64) {
        guard rate > 0 else { return }
        wait(state.withLock { $0.bytes.take(Double(bytes), now: .now()) })
    }

    private func wait(_ duration: Duration) {
        let end = MonotonicTime.now() + duration
        state.wait { state in
            state.isStopping || MonotonicTime.now() >= end ? .go(()) : .wait(until: end)
        }
    }
}

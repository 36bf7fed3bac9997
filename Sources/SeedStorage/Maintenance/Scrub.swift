import Glibc

/// The thread that reads the store through, at a bounded rate, round after round.
final class Scrub: Sendable {
    /// Milliseconds between two rounds.
    private static let rest: Int64 = 60_000

    /// Looks at what comes after a piece.
    /// - Returns: what it looked at and how many bytes it read; nil at the end.
    typealias Step = @Sendable (PieceName?) -> (last: PieceName, bytes: Int64)?

    private struct State {
        var isStopping = false
        /// When the next bytes may be read.
        var due = MonotonicTime.now()
    }

    private let state = Monitor(State())
    private let rate: Int64
    private let thread = Monitor<PlatformThread?>(nil)

    /// - Parameter rate: bytes a second; 0 reads nothing.
    init(rate: Int64) {
        self.rate = rate
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
            if last == nil { wait(milliseconds: Self.rest) }
        }
    }

    /// Waits for as long as these bytes may take, counted from the end of the last wait. Cut short by `stop`.
    func pace(_ bytes: Int64) {
        if rate > 0 { wait(milliseconds: bytes * 1_000 / rate) }
    }

    private func wait(milliseconds: Int64) {
        state.withLock { $0.due = max($0.due, .now()).advanced(byMilliseconds: milliseconds) }
        state.wait { state in
            state.isStopping || MonotonicTime.now() >= state.due ? .go(()) : .wait(until: state.due)
        }
    }
}

import Glibc

/// The thread that reads the store through, at a bounded rate, round after round.
final class Scrub: Sendable {
    /// Milliseconds between two rounds, and after a step that read nothing.
    private static let rest: Int64 = 60_000

    /// Looks at what comes after a piece.
    /// - Returns: what it looked at and how many bytes it read; nil at the end.
    typealias Step = @Sendable (PieceName?) -> (last: PieceName, bytes: Int64)?

    private let state = Monitor(false)
    private let rate: Int64
    private let thread = Monitor<PlatformThread?>(nil)

    /// - Parameter rate: bytes a second; 0 reads nothing.
    init(rate: Int64) {
        self.rate = rate
    }

    var isStopping: Bool { state.withLock { $0 } }

    func start(_ step: @escaping Step) {
        guard rate > 0 else { return }
        thread.withLock { $0 = PlatformThread(name: "store-scrub") { self.run(step) } }
    }

    /// Ends the thread. Blocking.
    func stop() {
        state.signal { $0 = true }
        thread.withLock { $0.take() }?.join()
    }

    private func run(_ step: Step) {
        var last: PieceName?
        while !isStopping {
            let began = MonotonicTime.now()
            let done = step(last)
            last = done?.last
            let milliseconds = done.map { $0.bytes * 1_000 / rate } ?? Self.rest
            wait(until: began.advanced(byMilliseconds: milliseconds))
        }
    }

    private func wait(until deadline: MonotonicTime) {
        state.wait { isStopping in
            isStopping || MonotonicTime.now() >= deadline ? .go(()) : .wait(until: deadline)
        }
    }
}

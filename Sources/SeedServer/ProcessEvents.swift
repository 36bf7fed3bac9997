import EventLoops
import SeedSupport

/// What the thread that started the server waits for: signals, and the end of the drain.
final class ProcessEvents: Sendable {
    enum Event: Sendable, Equatable {
        case signal(Int32)
        /// The data port has no connection left.
        case drained
    }

    private let queue = Monitor(FIFO<Event>())
    private let loop: EventLoop
    /// Made and cancelled on the loop.
    private let watch = Lock<LoopBound<SignalWatch>?>(nil)

    /// When this returns, the signals no longer do what they do by default.
    init(watching signals: [Int32], on loop: EventLoop) {
        self.loop = loop
        let isWatching = Monitor(false)
        loop.post { [queue, watch] in
            let signals = SignalWatch(signals, on: loop) { number in
                queue.signal { $0.append(.signal(number)) }
            }
            watch.withLock { $0 = LoopBound(signals, on: loop) }
            isWatching.signal { $0 = true }
        }
        isWatching.wait { $0 ? .go(()) : .wait(until: nil) }
    }

    func post(_ event: Event) {
        queue.signal { $0.append(event) }
    }

    /// Blocks until there is one.
    func next() -> Event {
        queue.wait { queue in queue.popFirst().map { .go($0) } ?? .wait(until: nil) }
    }

    /// The same, at most until the deadline if there is one.
    /// - Returns: nil at the deadline.
    func next(until deadline: MonotonicTime?) -> Event? {
        queue.wait { queue in
            if let event = queue.popFirst() { return .go(event) }
            if let deadline, deadline <= .now() { return .go(nil) }
            return .wait(until: deadline)
        }
    }

    /// The signals do again what they do by default.
    func stop() {
        loop.post { [watch] in watch.withLock { $0.take() }?.value.cancel() }
    }
}

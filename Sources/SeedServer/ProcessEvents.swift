import EventLoops
import Glibc
import HTTPServer
import SeedSupport

/// The events that the main thread waits for: signals and the end of the drain.
final class ProcessEvents: Sendable {
    enum Event: Sendable, Equatable {
        case signal(Int32)
        /// The data port has no connection left.
        case drained(DrainOutcome)
    }

    private let queue = Monitor(FIFO<Event>())
    private let loop: EventLoop
    /// Made and cancelled on the loop.
    private let watch = Lock<LoopBound<SignalWatch>?>(nil)
    private let pipe = Lock<LoopBound<DescriptorWatch>?>(nil)

    /// When this returns, the signals' default actions are disabled.
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

    /// Reports SIGTERM when the other end of the pipe is closed.
    func watchPipe(_ descriptor: Int32) {
        loop.post { [queue, pipe, loop] in
            let watch = loop.watch(descriptor, .read) { _ in
                pipe.withLock { $0.take() }?.value.cancel()
                queue.signal { $0.append(.signal(SIGTERM)) }
            }
            pipe.withLock { $0 = LoopBound(watch, on: loop) }
        }
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

    /// Restores the signals' default actions.
    func stop() {
        loop.post { [watch, pipe] in
            watch.withLock { $0.take() }?.value.cancel()
            pipe.withLock { $0.take() }?.value.cancel()
        }
    }
}

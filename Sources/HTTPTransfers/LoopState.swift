package import EventLoops
import SeedSupport

/// State confined to an event loop; any thread may post work on it.
package final class LoopState<State>: Sendable {
    package let loop: EventLoop
    private let bound = Lock<LoopBound<State>?>(nil)

    /// Has the state made on the loop, before any work that is posted from now on.
    package init(on loop: EventLoop, _ make: @escaping @Sendable () -> State) {
        self.loop = loop
        loop.post { [bound] in
            let state = LoopBound(make(), on: loop)
            bound.withLock { $0 = state }
        }
    }

    /// On the loop only. Nil once it was dropped.
    package var value: State? { bound.withLock { $0 }?.value }

    /// Has work done with the state, in the order of posting.
    /// - Returns: false when it will not be done, as the loop has stopped.
    @discardableResult
    package func post(_ work: @escaping @Sendable (State) -> Void) -> Bool {
        loop.post { [self] in
            if let value { work(value) }
        }
    }

    /// On the loop only: ends the state's life. Work that comes later is not done.
    package func drop() {
        loop.preconditionCurrent()
        bound.withLock { $0 = nil }
    }
}

import EventLoops
import SeedSupport
import Synchronization

/// Brings wake-ups from any thread to one event loop, many at a time: however many come, at most one is under way
/// (rule:coalesced-wake-ups).
final class WakeUps: Sendable {
    private let eventLoop: EventLoop
    private let mailbox = Mailbox<Waker>()

    init(_ eventLoop: EventLoop) {
        self.eventLoop = eventLoop
    }

    func wake(_ waker: Waker) {
        if mailbox.post(waker) == .mustWake { eventLoop.post { self.deliver() } }
    }

    private func deliver() {
        for waker in mailbox.takeAll() { waker.deliver() }
    }
}

/// Wakes one connection from any thread.
final class Waker: @unchecked Sendable {
    // Unchecked: `connection` is touched on the loop's thread only, where `WakeUps` delivers.
    private var connection: ClientConnection?
    private let wakeUps: WakeUps
    private let isUnderWay = Atomic(false)

    init(_ connection: ClientConnection, _ wakeUps: WakeUps) {
        self.connection = connection
        self.wakeUps = wakeUps
    }

    /// From any thread. What was written before is seen by what is woken.
    func wake() {
        if !isUnderWay.exchange(true, ordering: .acquiringAndReleasing) { wakeUps.wake(self) }
    }

    func deliver() {
        // Reads the flag, so that what was written before a wake-up that found it set is seen.
        _ = isUnderWay.exchange(false, ordering: .acquiringAndReleasing)
        connection?.woken()
    }

    /// The connection is gone: on its loop.
    func detach() {
        connection = nil
    }
}

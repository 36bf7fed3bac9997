import NIOCore
import Synchronization

/// Brings wake-ups from any thread to one event loop, many at a time: however many come, at most one task is
/// scheduled on the loop (rule 18).
final class LoopMailbox: Sendable {
    private struct State {
        var waiting: [NIOLoopBound<ProxyConnection>] = []
        var isScheduled = false
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func wake(_ connection: NIOLoopBound<ProxyConnection>) {
        let mustSchedule = state.withLock { state in
            state.waiting.append(connection)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { eventLoop.execute { self.deliver() } }
    }

    private func deliver() {
        let woken = state.withLock { state in
            let woken = state.waiting
            state = State()
            return woken
        }
        for connection in woken { connection.value.wake() }
    }
}

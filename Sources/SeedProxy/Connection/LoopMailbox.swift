import NIOCore
import Synchronization

/// Brings wake-ups from any thread to one event loop, many at a time: however many come, at most one task is
/// scheduled on the loop (rule 18).
final class LoopMailbox: Sendable {
    private let eventLoop: any EventLoop
    private let wakeUps = Mutex(WakeUps<NIOLoopBound<ProxyConnection>>())

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func wake(_ connection: NIOLoopBound<ProxyConnection>) {
        let mustSchedule = wakeUps.withLock { $0.add(connection) }
        if mustSchedule { eventLoop.execute { self.deliver() } }
    }

    private func deliver() {
        for connection in wakeUps.withLock({ $0.takeAll() }) { connection.value.wake() }
    }
}

/// Who is to be woken by the task that is scheduled. It decides only.
struct WakeUps<Waiting> {
    private var waiting: [Waiting] = []
    private var isScheduled = false

    /// - Returns: whether the task must be scheduled: nobody has done so since it ran last.
    mutating func add(_ one: Waiting) -> Bool {
        waiting.append(one)
        defer { isScheduled = true }
        return !isScheduled
    }

    /// For the task, when it runs.
    mutating func takeAll() -> [Waiting] {
        defer { self = WakeUps() }
        return waiting
    }
}

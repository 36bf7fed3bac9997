import Foundation
import Synchronization

/// How many flights run, so that the engine can stop when the last has ended.
final class FlightCount: Sendable {
    private let running = Mutex(0)
    private let allEnded = NSCondition()

    func began() { running.withLock { $0 += 1 } }

    func ended() {
        guard
            running.withLock({
                $0 -= 1; return $0 == 0
            })
        else { return }
        allEnded.lock()
        allEnded.broadcast()
        allEnded.unlock()
    }

    var current: Int { running.withLock { $0 } }

    /// Blocks until none runs.
    /// - Returns: false if some still run at the deadline.
    func wait(until deadline: Date) -> Bool {
        allEnded.lock()
        defer { allEnded.unlock() }
        while current > 0 {
            if !allEnded.wait(until: deadline) { return current == 0 }
        }
        return true
    }
}

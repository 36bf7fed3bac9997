import Foundation

/// How many flights run, so that the engine can stop when the last has ended.
final class FlightCount: @unchecked Sendable {
    // Unchecked: `running` is used only while `condition` is locked.
    private var running = 0
    private let condition = NSCondition()

    func began() { withLock { running += 1 } }

    func ended() {
        withLock {
            running -= 1
            if running == 0 { condition.broadcast() }
        }
    }

    var current: Int { withLock { running } }

    /// Blocks until none runs.
    /// - Returns: false if some still run at the deadline.
    func wait(until deadline: Date) -> Bool {
        withLock {
            while running > 0 {
                if !condition.wait(until: deadline) { return running == 0 }
            }
            return true
        }
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }
}

import Foundation

/// How long a test waits for what should come, before it fails: as long as its author says, or `SEED_PATIENCE` times that where
/// everything is slower, as under a sanitizer.
package enum Patience {
    private static let factor = ProcessInfo.processInfo.environment["SEED_PATIENCE"].flatMap(Double.init) ?? 1

    package static func seconds(_ seconds: Double) -> Double { seconds * factor }
}

/// Lets a test wait for an event instead of sleeping: a change notifies, and waiters check again.
package final class Signal: Sendable {
    private let condition = NSCondition()

    package init() {}

    /// Wakes all waiters, to check again. Call it after the change is visible.
    package func notify() {
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }

    /// Calls `look` until it returns a value, at once and after each notification. Nil after `seconds` and ``Patience``.
    package func wait<Value>(within seconds: Double, for look: () -> Value?) -> Value? {
        let deadline = Date(timeIntervalSinceNow: Patience.seconds(seconds))
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let value = look() { return value }
            if !condition.wait(until: deadline) { return look() }
        }
    }
}

import SeedSupport

/// A value that one thread of a test sets and another one waits for.
package final class Note<Value: Sendable>: Sendable {
    private let value = Lock<Value?>(nil)
    private let written = Signal()

    package init() {}

    package func write(_ new: Value) {
        value.withLock { $0 = new }
        written.notify()
    }

    /// Nil after `seconds`.
    package func read(within seconds: Double = 30) -> Value? {
        written.wait(within: seconds) { self.value.withLock { $0 } }
    }
}

/// Polls a condition that sends no notification, such as another process's state. False after `seconds`.
package func eventually(within seconds: Double = 30, _ condition: () throws -> Bool) rethrows -> Bool {
    let nobody = Signal()
    let deadline = ContinuousClock.now + .seconds(Patience.seconds(seconds))
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        _ = nobody.wait(within: 0.005) { nil as Bool? }
    }
    return try condition()
}

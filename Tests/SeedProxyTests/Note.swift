import SeedTestSupport
import Synchronization

/// Something one thread of a test writes down and another one waits for.
final class Note<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let written = Signal()

    func write(_ new: Value) {
        value.withLock { $0 = new }
        written.notify()
    }

    /// Nil after `seconds`.
    func read(within seconds: Double = 30) -> Value? {
        written.wait(within: seconds) { self.value.withLock { $0 } }
    }
}

/// Waits for something that tells nobody when it changes. False after `seconds`.
func eventually(within seconds: Double = 30, _ condition: () -> Bool) -> Bool {
    let nobody = Signal()
    for _ in 0..<Int(seconds * 100) {
        if condition() { return true }
        _ = nobody.wait(within: 0.01) { nil as Bool? }
    }
    return condition()
}

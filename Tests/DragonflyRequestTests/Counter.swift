import SeedSupport

/// So many of something are left.
final class Counter: Sendable {
    private let left: Lock<Int>

    init(_ count: Int) { left = Lock(count) }

    /// False when none was left.
    func takeOne() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }

    /// True once, for whoever takes the last one.
    func takesLast() -> Bool {
        left.withLock { left in
            left -= 1
            return left == 0
        }
    }
}

/// A value that tests and their fixtures share.
final class Box<Value: Sendable>: Sendable {
    private let state: Lock<Value>

    init(_ value: Value) { state = Lock(value) }

    var value: Value { state.withLock { $0 } }

    func update(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}

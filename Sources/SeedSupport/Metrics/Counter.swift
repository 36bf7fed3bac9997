import Synchronization

/// A number that only grows.
package final class Counter: Sendable {
    private let value = Atomic<Int64>(0)

    package init() {}

    package func add(_ count: Int64 = 1) {
        value.wrappingAdd(count, ordering: .relaxed)
    }

    package var current: Int64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let value = Atomic<Int64>(0)

    package init() {}

    package func add(_ count: Int64) {
        value.wrappingAdd(count, ordering: .relaxed)
    }

    package func set(_ value: Int64) {
        self.value.store(value, ordering: .relaxed)
    }

    package var current: Int64 { value.load(ordering: .relaxed) }
}

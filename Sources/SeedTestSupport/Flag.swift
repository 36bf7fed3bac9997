import SeedSupport

/// Something that has happened or not, for a test's own threads.
package final class Flag: Sendable {
    private let value = Lock(false)

    package init() {}

    package var isSet: Bool { value.withLock { $0 } }

    package func set() { value.withLock { $0 = true } }
}

import Synchronization

/// How many of something wait or run at once, up to a limit, so that what is slow gathers no queue without end.
package final class BoundedCount: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    package init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: false when there are as many as may be; else `end` must follow.
    package func begin() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue > limit else { return true }
        end()
        return false
    }

    package func end() { count.wrappingSubtract(1, ordering: .relaxed) }
}

import Synchronization

/// How the store is doing.
package struct StorageHealth: Sendable, Equatable {
    /// Why records cannot be written at present; nil while they can.
    package var failure: StorageError?
    /// Commits of this life.
    package var commits = 0
    /// Records that were given up because too many were waiting.
    package var droppedRecords = 0
    /// Records that were read, found damaged, and taken as absent.
    package var damagedRecords = 0
}

/// Where the store's threads note it.
final class HealthBoard: Sendable {
    private let health = Mutex(StorageHealth())

    var current: StorageHealth { health.withLock { $0 } }

    /// - Returns: what it was before.
    @discardableResult
    func update(_ body: (inout StorageHealth) -> Void) -> StorageHealth {
        health.withLock { health in
            let before = health
            body(&health)
            return before
        }
    }
}

import SeedSupport
import Synchronization

/// How the store is doing, and what it has done since it was opened.
package struct StorageHealth: Sendable, Equatable {
    /// Why records cannot be written at present; nil while they can.
    package var failure: StorageError?
    /// Why content files cannot be written at present; nil while they can. Requests go on without being stored.
    package var contentFailure: StorageError?
    /// Commits since the store was opened.
    package var commits = 0
    /// Records dropped because too many were waiting.
    package var droppedRecords = 0
    /// Records that were read, found damaged, and taken as absent.
    package var damagedRecords = 0
    /// Pieces evicted to make room.
    package var evictedPieces = 0
    /// Tasks removed because they were not read for too long.
    package var expiredTasks = 0
    /// Bytes that the scrub has read.
    package var scrubbedBytes: Int64 = 0
    /// Blocks that the scrub found rotten.
    package var rottenBlocks = 0

    package init() {}
}

/// Records it, from any thread.
final class HealthRecorder: Sendable {
    private let health = Lock(StorageHealth())

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

/// Is told what happens to content files: room taken and given back, and what the system refused.
final class ContentObserver: Sendable {
    private let space: VolumeSpace
    private let health: HealthRecorder
    private let logger: Logger
    private let isFailing = Atomic(false)

    init(space: VolumeSpace, health: HealthRecorder, logger: Logger) {
        self.space = space
        self.health = health
        self.logger = logger
    }

    func wrote(_ bytes: Int64) {
        space.wrote(bytes)
        guard isFailing.load(ordering: .relaxed), isFailing.exchange(false, ordering: .relaxed) else { return }
        health.update { $0.contentFailure = nil }
        logger.notice("content is written again")
    }

    /// - Parameter evicted: bytes that the account expected to go, and must not any more.
    func freed(_ bytes: Int64, evicted: Int64 = 0) { space.freed(bytes, evicted: evicted) }

    /// Logged once, when it begins; it stays visible in the store's health until something is written again.
    func refused(_ error: StorageError) {
        guard error.concernsVolume else { return }
        space.refused(error)
        health.update { $0.contentFailure = error }
        guard !isFailing.exchange(true, ordering: .relaxed) else { return }
        logger.error("\(error); requests go on, what they fetch is not stored")
    }
}

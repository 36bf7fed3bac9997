import SeedSupport
import Synchronization

/// How the store is doing, and what it did in this life.
package struct StorageHealth: Sendable, Equatable {
    /// Why records cannot be written at present; nil while they can.
    package var failure: StorageError?
    /// Why content files cannot be written at present; nil while they can. Requests go on without being stored.
    package var contentFailure: StorageError?
    /// Commits of this life.
    package var commits = 0
    /// Records that were given up because too many were waiting.
    package var droppedRecords = 0
    /// Records that were read, found damaged, and taken as absent.
    package var damagedRecords = 0
    /// Pieces evicted to make room.
    package var evictedPieces = 0
    /// Tasks that went because nobody read them for too long.
    package var expiredTasks = 0
    /// Bytes that the scrub has read.
    package var scrubbedBytes: Int64 = 0
    /// Blocks that the scrub found rotten.
    package var rottenBlocks = 0

    package init() {}
}

/// Where the store's threads note it.
final class HealthBoard: Sendable {
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

/// Hears what happens to content files: room taken and given back, and what the system refused.
final class ContentWatch: Sendable {
    private let space: VolumeSpace
    private let board: HealthBoard
    private let logger: Logger
    private let isFailing = Atomic(false)

    init(space: VolumeSpace, board: HealthBoard, logger: Logger) {
        self.space = space
        self.board = board
        self.logger = logger
    }

    func wrote(_ bytes: Int64) {
        space.wrote(bytes)
        guard isFailing.load(ordering: .relaxed), isFailing.exchange(false, ordering: .relaxed) else { return }
        board.update { $0.contentFailure = nil }
        logger.notice("content is written again")
    }

    /// - Parameter left: what of the room that was leaving this was.
    func freed(_ bytes: Int64, left: Int64 = 0) { space.freed(bytes, left: left) }

    /// Logged once, when it begins; it stays visible in the store's health until something is written again.
    func refused(_ error: StorageError) {
        guard error.concernsVolume else { return }
        space.refused(error)
        board.update { $0.contentFailure = error }
        guard !isFailing.exchange(true, ordering: .relaxed) else { return }
        logger.error("\(error); requests go on, what they fetch is not stored")
    }
}

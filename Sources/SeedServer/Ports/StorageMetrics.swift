import SeedStorage
import SeedSupport

extension MetricsRegistry {
    /// What the store counts. Rendering reads its index, so it blocks.
    func declare(_ store: PieceStore) {
        declareSpace(store)
        declareIndex(store)
        declareMaintenance(store)
    }

    private func declareSpace(_ store: PieceStore) {
        // Nothing when the store is closing or can't tell.
        measured("storage_used_bytes", "Bytes the index says are held.") { try? store.usedBytes() }
        measured("storage_available_bytes", "Bytes that may still be stored.") { store.availableBytes }
        measured("storage_content_bytes", "Bytes that content files take.") { store.contentBytes }
        measured("storage_record_bytes", "Bytes of the records of tasks and aliases.") { store.recordBytes }
        measured("storage_content_failing", "1 while content files cannot be written.") {
            store.health.contentFailure == nil ? 0 : 1
        }
    }

    private func declareIndex(_ store: PieceStore) {
        measured("storage_failing", "1 while the index cannot be written.") { store.health.failure == nil ? 0 : 1 }
        counted("storage_commits_total", "Commits of the index.") { Int64(store.health.commits) }
        measured("storage_pending_records", "Records not on the disk yet.") { Int64(store.pendingRecords) }
        counted("storage_dropped_records_total", "Records not written.") { Int64(store.health.droppedRecords) }
        counted("storage_damaged_records_total", "Records that failed their CRC.") {
            Int64(store.health.damagedRecords)
        }
    }

    private func declareMaintenance(_ store: PieceStore) {
        counted("storage_evicted_pieces_total", "Pieces evicted to make room.") { Int64(store.health.evictedPieces) }
        counted("storage_expired_tasks_total", "Tasks that grew too old.") { Int64(store.health.expiredTasks) }
        counted("storage_scrubbed_bytes_total", "Bytes the scrub has read.") { store.health.scrubbedBytes }
        counted("storage_rotten_blocks_total", "Blocks the scrub found bad.") { Int64(store.health.rottenBlocks) }
    }
}

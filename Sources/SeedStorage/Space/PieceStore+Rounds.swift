import DragonflyIdentity
import SeedSupport

/// What the housekeeper does every interval.
extension PieceStore {
    func round() {
        measureFiles()
        removeOldTasks()
        removeEmptyTasks()
        if space.account.excess > 0 { housekeeper.call() }
    }

    /// Takes what the files really take as what is used: records count blocks, but the volume counts pages, and a crash
    /// leaves bytes without a record.
    private func measureFiles() {
        let before = space.account.written
        var sum: Int64 = 0
        for shard in 0..<256 {
            if housekeeper.isStopping { return }
            sum += content.allocated(inShard: shard)
        }
        // Last, so that a file which is unlinked meanwhile counts twice rather than not at all.
        space.measured(sum + content.unlinkedBytes, since: before)
    }

    /// Tasks that nobody read for too long (`gc.policy.taskTTL`).
    private func removeOldTasks() {
        guard let ttl = taskTTL else { return }
        noteUses()
        let oldest = now() - ttl
        var last: StoreKey?
        while !housekeeper.isStopping, let batch = try? tasks(after: last, limit: 256), let end = batch.last {
            for record in batch where lastUse(of: record) < oldest && dismissTask(record) {
                board.update { $0.expiredTasks += 1 }
            }
            last = end.key
        }
    }

    private func lastUse(of record: TaskRecord) -> Timestamp {
        let used = (try? openIndex().lastUse(of: record.key)) ?? nil
        return max(used ?? .epoch, record.createdAt, record.fetchedAt)
    }

    /// Writes down which tasks were used, in one commit for many.
    func noteUses() {
        let time = now()
        for key in uses.takeUsed() { writer.put(use: time, of: key) }
    }
}

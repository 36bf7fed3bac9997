package import DragonflyIdentity
import SeedSupport

// MARK: Reading. Blocking; store threads only. Each sees what was put before, committed or not.

extension PieceStore {
    /// The record of a task's current generation.
    package func task(_ key: StoreKey) throws(StorageError) -> TaskRecord? {
        let waiting = writer.waiting(key)
        let stored = try read { index throws(LMDBError) in try index.task(key) }.first
        let known = stored.flatMap { waiting.removed.contains($0.generation) ? nil : $0 }
        var record = waiting.task?.following(known) ?? known
        if let isPinned = waiting.isPinned { record?.setPinned(isPinned) }
        return record
    }

    /// The records of the pieces `numbers` of a generation, in rising order; pieces without a record are left out.
    package func pieces(
        _ key: StoreKey, generation: UInt64, numbers: Range<Int>
    ) throws(StorageError) -> [PieceRecord] {
        let waiting = writer.waiting(key)
        if waiting.removed.contains(generation) { return [] }
        let file = FileName(key: key, generation: generation)
        let stored = try read { index throws(LMDBError) in try index.pieces(file, numbers) }
        guard let newer = waiting.pieces[generation]?.filter({ numbers.contains($0.key) }), !newer.isEmpty else {
            return stored
        }
        let held = newer.values.filter { !$0.present.isEmpty }
        return (stored.filter { newer[$0.number] == nil } + held).sorted { $0.number < $1.number }
    }

    /// The committed tasks that have this wire id: mostly one, since only their store keys tell tasks apart.
    package func tasks(wireID: TaskID) throws(StorageError) -> [StoreKey] {
        let index = try openIndex()
        return try Index.mapping { () throws(LMDBError) in try index.tasks(wireID: wireID) }
    }

    /// Up to `limit` committed task records in the order of their keys, from the first key above `key`: a walk in
    /// short steps.
    package func tasks(after key: StoreKey?, limit: Int) throws(StorageError) -> [TaskRecord] {
        try read { index throws(LMDBError) in try index.tasks(after: key, limit: limit) }
    }

    /// Committed tasks.
    package func taskCount() throws(StorageError) -> Int {
        let index = try openIndex()
        return try Index.mapping { () throws(LMDBError) in try index.taskCount() }
    }

    /// Bytes of all blocks with a committed record.
    package func usedBytes() throws(StorageError) -> Int64 {
        let index = try openIndex()
        return try Index.mapping { () throws(LMDBError) in try index.usedBytes() }
    }

    /// Settles what was found beside sound records: damaged ones are absent, noted; ones of a later program are
    /// refused.
    private func read<Record>(
        _ body: (Index) throws(LMDBError) -> Reading<Record>
    ) throws(StorageError) -> [Record] {
        let index = try openIndex()
        let reading = try Index.mapping { () throws(LMDBError) in try body(index) }
        if reading.damaged > 0 {
            board.update { $0.damagedRecords += reading.damaged }
            logger.warning("\(reading.damaged) damaged records in the index are taken as absent")
        }
        if let version = reading.newer {
            throw StorageError(
                .newerFormat, "a record in the index has version \(version), later than this program's: use a later one"
            )
        }
        return reading.records
    }
}

// MARK: Writing. Never blocks.

extension PieceStore {
    /// Records a task; committed within 10 ms. A record of an older generation than the one that is known is ignored;
    /// one of a newer one takes its place, its pieces and its file go. A known task stays pinned, and what it was.
    package func put(_ task: TaskRecord) { writer.put(task) }

    /// Records a piece. Written only if the task's record, put before it or known, names the same generation.
    package func put(_ piece: PieceRecord, of key: StoreKey, generation: UInt64, urgency: Urgency) {
        let file = FileName(key: key, generation: generation)
        uses.hold(
            PieceName(file: file, number: piece.number), bytes: Int64(piece.present.count) * BlockGrid.blockLength)
        writer.put(piece, of: file, urgency: urgency)
    }

    /// Keeps a task from being evicted and from growing too old, or lets go of it again. Blocking.
    /// - Returns: false when there is no such task.
    package func pin(_ key: StoreKey, _ isPinned: Bool) throws(StorageError) -> Bool {
        guard try self.task(key) != nil else { return false }
        writer.put(pin: isPinned, of: key)
        return true
    }

    /// Removes all records of a generation in one transaction, then its content file. Who holds the file open goes on
    /// reading.
    package func remove(_ key: StoreKey, generation: UInt64) {
        writer.remove(FileName(key: key, generation: generation))
    }

    /// Waits until everything put before is committed. Blocking.
    /// - Returns: false when the commit failed; `health` says why, and it is tried again.
    @discardableResult
    package func flush() -> Bool { writer.flush() }
}

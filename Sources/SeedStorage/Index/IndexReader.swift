import DragonflyIdentity
import SeedSupport

/// Reads records. A read sees what was put before, committed or not. Blocking; store threads only.
final class IndexReader: Sendable {
    /// Nil once closed. A read holds it until it is done, so the environment closes after the last one.
    private let index: Lock<Index?>
    private let writer: IndexWriter
    private let health: HealthRecorder
    private let logger: Logger

    init(index: Index, writer: IndexWriter, health: HealthRecorder, logger: Logger) {
        self.index = Lock(index)
        self.writer = writer
        self.health = health
        self.logger = logger
    }

    func close() { index.withLock { $0 = nil } }

    /// The committed records, for reads that need no others.
    func openIndex() throws(StorageError) -> Index {
        guard let index = index.withLock({ $0 }) else { throw .closed }
        return index
    }

    /// Reads what is committed.
    func read<Result>(_ body: (Index) throws(LMDBError) -> Result) throws(StorageError) -> Result {
        let index = try openIndex()
        return try Index.mapping { () throws(LMDBError) in try body(index) }
    }

    /// The record of a task's current generation.
    func task(_ key: StoreKey) throws(StorageError) -> TaskRecord? {
        let waiting = writer.waiting(key)
        let stored = try records { index throws(LMDBError) in try index.task(key) }.first
        let known = stored.flatMap { waiting.removed.contains($0.generation) ? nil : $0 }
        var record = waiting.task?.following(known) ?? known
        if let isPinned = waiting.isPinned { record?.setPinned(isPinned) }
        return record
    }

    /// Where other bytes of a key are, and the record of what they belong to; nil unless they are there now.
    func alias(_ key: StoreKey) throws(StorageError) -> (alias: TaskAlias, task: TaskRecord)? {
        let waiting = writer.waiting(key).alias
        let stored = try read { index throws(LMDBError) in try index.alias(key) }
        guard let alias = waiting ?? stored, let task = try task(alias.file.key),
            task.file == alias.file, task.sharedKey != nil
        else { return nil }
        return (alias, task)
    }

    /// The records of the pieces `numbers` of a generation, in rising order; pieces without a record are left out.
    func pieces(_ file: FileName, _ numbers: Range<Int>) throws(StorageError) -> [PieceRecord] {
        let waiting = writer.waiting(file.key)
        if waiting.removed.contains(file.generation) { return [] }
        let stored = try records { index throws(LMDBError) in try index.pieces(file, numbers) }
        guard let newer = waiting.pieces[file.generation]?.filter({ numbers.contains($0.key) }), !newer.isEmpty else {
            return stored
        }
        let held = newer.values.filter { !$0.present.isEmpty }
        return (stored.filter { newer[$0.number] == nil } + held).sorted { $0.number < $1.number }
    }

    /// Up to `limit` committed task records in the order of their keys, from the first key above `key`: a walk in
    /// short steps.
    func tasks(after key: StoreKey?, limit: Int) throws(StorageError) -> [TaskRecord] {
        try records { index throws(LMDBError) in try index.tasks(after: key, limit: limit) }
    }

    /// The sound records of a reading. Damaged ones are noted and count as absent.
    /// - Throws: where a later program wrote one.
    private func records<Record>(
        _ body: (Index) throws(LMDBError) -> Reading<Record>
    ) throws(StorageError) -> [Record] {
        let reading = try read(body)
        if reading.damaged > 0 {
            health.update { $0.damagedRecords += reading.damaged }
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

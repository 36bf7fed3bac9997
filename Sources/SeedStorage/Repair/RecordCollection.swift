import DragonflyIdentity
import SeedSupport

/// The records of an index file, sound or damaged.
struct RecordCollection {
    private(set) var tasks: [StoreKey: TaskRecord] = [:]
    private(set) var pieces: [FileName: [Int: StoredPiece]] = [:]
    private(set) var lastUses: [StoreKey: Timestamp] = [:]
    private(set) var damaged = 0
    private(set) var newer = 0
    /// Of the index; nil if it does not say.
    private(set) var format: UInt64?

    /// Adds a node of any table; its key and value tell which. Of two records of one thing the later one counts.
    mutating func add(_ node: IndexFile.Node) {
        guard node.flags & (IndexFile.Flags.subTree | IndexFile.Flags.duplicates) == 0 else { return }
        // The values of a key with many are the keys of a tree of their own, without data.
        guard !node.data.isEmpty else { return }
        let value = [UInt8](node.data)
        if node.key.elementsEqual(MetaNumber.format.key) {
            // Freed pages may hold an earlier one.
            format = [format, MetaNumber.format.decode(value).value].compactMap(\.self).max()
        } else if node.key.count == 44, let name = PieceName(tableKey: node.key) {
            take(StoredPiece.decode(value, key: [UInt8](node.key)), name)
        } else if node.key.count == 32, let key = StoreKey(bytes: node.key) {
            if value.count == UseRecord.length { return take(use: value, key) }
            take(TaskRecord.decode(value, key: key))
        }
    }

    private mutating func take(_ stored: StoredRecord<StoredPiece>, _ name: PieceName) {
        guard let piece = count(stored) else { return }
        let known = pieces[name.file]?[name.number]
        if let known, known.record.updatedAt > piece.record.updatedAt { return }
        pieces[name.file, default: [:]][name.number] = piece
    }

    private mutating func take(_ stored: StoredRecord<TaskRecord>) {
        guard let task = count(stored) else { return }
        if let known = tasks[task.key], (known.generation, known.fetchedAt) > (task.generation, task.fetchedAt) {
            return
        }
        tasks[task.key] = task
    }

    private mutating func take(use value: [UInt8], _ key: StoreKey) {
        guard let time = count(UseRecord.decode(value, key)) else { return }
        lastUses[key] = max(lastUses[key] ?? .epoch, time)
    }

    private mutating func count<Record>(_ stored: StoredRecord<Record>) -> Record? {
        switch stored {
        case .record(let record): return record
        case .absent: return nil
        case .damaged: damaged += 1
        case .newer: newer += 1
        }
        return nil
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedSupport

/// Sound records, and what was found beside them.
struct Reading<Record> {
    var records: [Record] = []
    /// Records with a wrong CRC or shape, which count as absent.
    var damaged = 0
    /// The version byte of a record that a later program wrote.
    var newer: UInt8?

    mutating func add(_ stored: StoredRecord<Record>) {
        switch stored {
        case .record(let record): records.append(record)
        case .absent: break
        case .damaged: damaged += 1
        case .newer(let version): newer = version
        }
    }
}

extension Index {
    func task(_ key: StoreKey) throws(LMDBError) -> Reading<TaskRecord> {
        try environment.read { transaction throws(LMDBError) in
            var reading = Reading<TaskRecord>()
            reading.add(try task(key, transaction))
            return reading
        }
    }

    func task(_ key: StoreKey, _ transaction: Transaction) throws(LMDBError) -> StoredRecord<TaskRecord> {
        TaskRecord.decode(try transaction.get(key.bytes, in: tasks), key: key)
    }

    func alias(_ key: StoreKey) throws(LMDBError) -> TaskAlias? {
        try environment.read { transaction throws(LMDBError) in try alias(key, transaction).value }
    }

    func alias(_ key: StoreKey, _ transaction: Transaction) throws(LMDBError) -> StoredRecord<TaskAlias> {
        let key = TaskAlias.tableKey(key)
        return TaskAlias.decode(try transaction.get(key, in: aliases), key: key)
    }

    /// The records of the pieces `numbers` of a generation, in rising order.
    func pieces(_ file: FileName, _ numbers: Range<Int>) throws(LMDBError) -> Reading<PieceRecord> {
        let numbers = numbers.clamped(to: 0..<PieceName.mostPieces)
        let first = PieceName(file: file, number: numbers.lowerBound).tableKey
        let end = PieceName(file: file, number: numbers.upperBound).tableKey
        return try environment.read { transaction throws(LMDBError) in
            var reading = Reading<PieceRecord>()
            guard !numbers.isEmpty else { return reading }
            try transaction.scan(pieces, from: first) { key, value in
                let key = [UInt8](key)
                guard key.lexicographicallyPrecedes(end) else { return .stop }
                reading.add(StoredPiece.decode([UInt8](value), key: key).map(\.record))
                return .next
            }
            return reading
        }
    }

    /// The keys of the tasks whose records carry this wire id.
    func tasks(wireID: TaskID) throws(LMDBError) -> [StoreKey] {
        let wanted = wireID.tableKey
        return try environment.read { transaction throws(LMDBError) in
            var keys: [StoreKey] = []
            try transaction.scan(wire, from: wanted) { key, value throws(LMDBError) in
                guard key.elementsEqual(wanted) else { return .stop }
                if let key = StoreKey(bytes: value), try task(key, transaction).value?.wireID == wireID {
                    keys.append(key)
                }
                return .next
            }
            return keys
        }
    }

    /// Up to `limit` task records in the order of their keys, from the first key above `key`.
    func tasks(after key: StoreKey?, limit: Int) throws(LMDBError) -> Reading<TaskRecord> {
        // The bytes after a key: the key and a zero.
        let start = key.map { $0.bytes + [0] } ?? []
        return try environment.read { transaction throws(LMDBError) in
            var reading = Reading<TaskRecord>()
            try transaction.scan(tasks, from: start) { key, value in
                guard reading.records.count < limit else { return .stop }
                if let key = StoreKey(bytes: key) { reading.add(TaskRecord.decode([UInt8](value), key: key)) }
                return .next
            }
            return reading
        }
    }

    func taskCount() throws(LMDBError) -> Int {
        try environment.read { transaction throws(LMDBError) in try transaction.count(of: tasks) }
    }

    /// Bytes of all recorded blocks.
    func usedBytes() throws(LMDBError) -> Int64 {
        try environment.read { transaction throws(LMDBError) in
            Int64(clamping: try MetaNumber.used.read(transaction, meta).value ?? 0)
        }
    }

    /// Bytes of all records of tasks and aliases.
    func recordBytes() throws(LMDBError) -> Int64 {
        try environment.read { transaction throws(LMDBError) in
            Int64(clamping: try MetaNumber.records.read(transaction, meta).value ?? 0)
        }
    }

    /// When a task was last read; nil when it was not since it was stored.
    func lastUse(of key: StoreKey) throws(LMDBError) -> Timestamp? {
        try environment.read { transaction throws(LMDBError) in
            UseRecord.decode(try transaction.get(key.bytes, in: uses), key).value
        }
    }

    /// Up to `limit` pieces in the order of their keys, from the first above `name`, with what each holds.
    func pieces(after name: PieceName?, limit: Int) throws(LMDBError) -> [(name: PieceName, bytes: Int64)] {
        // The bytes after a key: the key and a zero.
        let start = name.map { $0.tableKey + [0] } ?? []
        return try environment.read { transaction throws(LMDBError) in
            var found: [(PieceName, Int64)] = []
            try transaction.scan(pieces, from: start) { key, value in
                guard found.count < limit else { return .stop }
                guard let name = PieceName(tableKey: key) else { return .next }
                // A damaged record still names its piece, so the piece can be evicted like others.
                let held = StoredPiece.decode([UInt8](value), key: [UInt8](key)).value?.heldBytes ?? 0
                found.append((name, held))
                return .next
            }
            return found
        }
    }

    /// How many pieces of a generation have a record.
    func pieceCount(_ file: FileName) throws(LMDBError) -> Int {
        let prefix = file.piecePrefix
        return try environment.read { transaction throws(LMDBError) in
            var count = 0
            try transaction.scan(pieces, from: prefix) { key, _ in
                guard key.starts(with: prefix) else { return .stop }
                count += 1
                return .next
            }
            return count
        }
    }
}

import DragonflyIdentity
import SeedSupport

/// When tasks were last read: beside their records, so that a read does not write a whole record anew.
extension Index {
    private static let useVersion: UInt8 = 1
    /// Bytes of such a record; no task's is as short.
    static let useLength = 13

    static func decodeUse(_ value: [UInt8]?, _ key: StoreKey) -> StoredRecord<Timestamp> {
        RecordReader.read(value, key: key.bytes, version: useVersion) { $0.time() }
    }

    /// A use of a task that is gone is not kept.
    func put(use time: Timestamp, of key: StoreKey, _ transaction: Transaction) throws(LMDBError) {
        guard try task(key, transaction).value != nil else { return }
        var writer = RecordWriter(version: Self.useVersion, capacity: 16)
        writer.put(time)
        try transaction.put(writer.seal(key: key.bytes), for: key.bytes, in: uses)
    }

    /// Nil when it was not read since it was stored.
    func lastUse(of key: StoreKey) throws(LMDBError) -> Timestamp? {
        try environment.read { transaction throws(LMDBError) in
            Self.decodeUse(try transaction.get(key.bytes, in: uses), key).value
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
                // A damaged record still names its piece: it may go like all others.
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

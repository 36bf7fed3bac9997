/// A number in the `meta` table, stored as a record like all others. The raw value is its table key.
enum MetaNumber: String {
    case format
    /// The first generation counter that no life of the process has set aside.
    case generations
    /// Bytes of all recorded blocks.
    case used

    private static let version: UInt8 = 1
    private var key: [UInt8] { Array(rawValue.utf8) }

    func read(_ transaction: Transaction, _ meta: Table) throws(LMDBError) -> StoredRecord<UInt64> {
        let value = try transaction.get(key, in: meta)
        return RecordReader.read(value, key: key, version: Self.version) { $0.integer() }
    }

    func write(_ number: UInt64, _ transaction: Transaction, _ meta: Table) throws(LMDBError) {
        var writer = RecordWriter(version: Self.version, capacity: 16)
        writer.put(number)
        try transaction.put(writer.seal(key: key), for: key, in: meta)
    }
}

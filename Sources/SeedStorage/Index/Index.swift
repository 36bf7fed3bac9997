import CLMDB
import DragonflyIdentity
import SeedSupport

/// The store's tables and how they are opened.
///
/// - `meta`: `format`, `generations` (the first counter of the next life), `used` (bytes of all recorded blocks), `records`
///   (bytes of all records of tasks and aliases).
/// - `tasks`: store key → `TaskRecord`, the current generation.
/// - `aliases`: store key or shared name → `TaskAlias`, whose bytes are another task's.
/// - `wire`: wire id → store keys, sorted duplicates.
/// - `pieces`: store key, generation, piece number → `StoredPiece`.
/// - `uses`: store key → when the task was last read.
struct Index: Sendable {
    static let format: UInt64 = 2

    /// Generation counters set aside for one life of the process. They are written down before the first is used, so
    /// none is ever used twice, whatever the end was like: 2^40 for each of 2^24 lives.
    private static let generationsPerLife: UInt64 = 1 << 40

    let environment: Environment
    let meta: Table
    let tasks: Table
    let wire: Table
    let pieces: Table
    let uses: Table
    let aliases: Table

    /// Content files with this counter or a higher one are of this life of the process.
    let firstGeneration: UInt64

    /// Opens the tables; with `keep` false empties them, and where they are of an earlier format.
    /// - Parameter onOlder: told the earlier format.
    static func open(
        _ environment: Environment, keep: Bool, path: String, onOlder: (UInt64) -> Void
    ) throws(StorageError) -> Index {
        let opened = try mapping { () throws(LMDBError) in
            try environment.write { transaction throws(LMDBError) -> Result<(Index, UInt64), StorageError> in
                let meta = try transaction.table("meta")
                let format = try MetaNumber.format.read(transaction, meta)
                let generations = try MetaNumber.generations.read(transaction, meta)
                guard let known = known(format, generations) else { return .failure(refusal(format, path)) }
                let index = try Index(
                    environment, transaction, meta: meta, first: known.firstGeneration,
                    keep: keep && known.format == Self.format)
                return .success((index, known.format))
            }
        }
        let (index, format) = try opened.get()
        if format < Self.format { onOlder(format) }
        return index
    }

    /// Turns the index's own errors into the store's.
    static func mapping<T>(_ body: () throws(LMDBError) -> T) throws(StorageError) -> T {
        do throws(LMDBError) {
            return try body()
        } catch {
            throw StorageError(error)
        }
    }

    /// Nil when this program cannot use the index.
    private static func known(
        _ format: StoredRecord<UInt64>, _ generations: StoredRecord<UInt64>
    ) -> (format: UInt64, firstGeneration: UInt64)? {
        switch (format, generations) {
        case (.absent, .absent): (Self.format, 1)
        case (.record(let format), .record(let first)) where 1...Self.format ~= format: (format, first)
        default: nil
        }
    }

    private static func refusal(_ format: StoredRecord<UInt64>, _ path: String) -> StorageError {
        let found: UInt64? =
            switch format {
            case .record(let number) where number > Self.format: number
            case .newer(let version): UInt64(version)
            default: nil
            }
        guard let found else {
            return .damagedIndex(path)
        }
        return StorageError(
            .newerFormat,
            "the index in \(path) has format \(found), this program reads up to \(Self.format): "
                + "use a later one, or empty the directory"
        )
    }

    private init(
        _ environment: Environment, _ transaction: Transaction, meta: Table, first: UInt64, keep: Bool
    ) throws(LMDBError) {
        self.environment = environment
        self.meta = meta
        firstGeneration = first
        tasks = try transaction.table("tasks")
        wire = try transaction.table("wire", flags: MDB_DUPSORT)
        pieces = try transaction.table("pieces")
        uses = try transaction.table("uses")
        aliases = try transaction.table("aliases")
        if !keep {
            for table in [tasks, wire, pieces, uses, aliases] { try transaction.empty(table) }
            try MetaNumber.used.write(0, transaction, meta)
            try MetaNumber.records.write(0, transaction, meta)
        }
        try MetaNumber.format.write(Self.format, transaction, meta)
        try MetaNumber.generations.write(first + Self.generationsPerLife, transaction, meta)
    }

    /// An index in an empty environment.
    init(fresh environment: Environment, firstGeneration: UInt64) throws(LMDBError) {
        self = try environment.write { transaction throws(LMDBError) in
            let meta = try transaction.table("meta")
            return try Index(environment, transaction, meta: meta, first: firstGeneration, keep: true)
        }
    }
}

/// A number in the `meta` table, stored as a record like all others. The raw value is its table key.
enum MetaNumber: String {
    case format
    /// The first generation counter that is not set aside for a life of the process.
    case generations
    /// Bytes of all recorded blocks.
    case used
    /// Bytes of all records of tasks and aliases.
    case records

    private static let version: UInt8 = 1
    var key: [UInt8] { Array(rawValue.utf8) }

    func read(_ transaction: Transaction, _ meta: Table) throws(LMDBError) -> StoredRecord<UInt64> {
        decode(try transaction.get(key, in: meta))
    }

    func decode(_ value: [UInt8]?) -> StoredRecord<UInt64> {
        RecordReader.read(value, key: key, version: Self.version) { $0.integer() }
    }

    func write(_ number: UInt64, _ transaction: Transaction, _ meta: Table) throws(LMDBError) {
        var writer = RecordWriter(version: Self.version, capacity: 16)
        writer.put(number)
        try transaction.put(writer.seal(key: key), for: key, in: meta)
    }
}

/// When a task was last read (table `uses`). Beside its record, so that a read does not rewrite that.
enum UseRecord {
    private static let version: UInt8 = 1
    /// Bytes of such a record; no task's is as short.
    static let length = 13

    static func decode(_ value: [UInt8]?, _ key: StoreKey) -> StoredRecord<Timestamp> {
        RecordReader.read(value, key: key.bytes, version: version) { $0.time() }
    }

    static func encode(_ time: Timestamp, _ key: StoreKey) -> [UInt8] {
        var writer = RecordWriter(version: version, capacity: 16)
        writer.put(time)
        return writer.seal(key: key.bytes)
    }
}

import CLMDB
import DragonflyIdentity

/// The store's tables and how they are opened.
///
/// - `meta`: `format`, `generations` (the first counter of the next life), `used` (bytes of all recorded blocks).
/// - `tasks`: store key → `TaskRecord`, the current generation.
/// - `wire`: wire id → store keys, sorted duplicates.
/// - `pieces`: store key, generation, piece number → `StoredPiece`.
/// - `uses`: store key → when the task was last read.
struct Index: Sendable {
    static let format: UInt64 = 1

    /// Generation counters set aside for one life of the process. They are written down before the first is used, so
    /// none is ever used twice, whatever the end was like: 2^40 for each of 2^24 lives.
    private static let generationsPerLife: UInt64 = 1 << 40

    let environment: Environment
    let meta: Table
    let tasks: Table
    let wire: Table
    let pieces: Table
    let uses: Table

    /// Content files with this counter or a higher one are of this life of the process.
    let firstGeneration: UInt64

    /// Opens the tables; with `keep` false empties them.
    static func open(_ environment: Environment, keep: Bool, path: String) throws(StorageError) -> Index {
        let index = try mapping { () throws(LMDBError) in
            try environment.write { transaction throws(LMDBError) -> Result<Index, StorageError> in
                let meta = try transaction.table("meta")
                let format = try MetaNumber.format.read(transaction, meta)
                let generations = try MetaNumber.generations.read(transaction, meta)
                guard let first = firstGeneration(format, generations) else { return .failure(refusal(format, path)) }
                return .success(try Index(environment, transaction, meta: meta, first: first, keep: keep))
            }
        }
        return try index.get()
    }

    /// Turns the index's own errors into the store's.
    static func mapping<T>(_ body: () throws(LMDBError) -> T) throws(StorageError) -> T {
        do throws(LMDBError) {
            return try body()
        } catch {
            throw StorageError(error)
        }
    }

    /// Nil when this is not an index that we can use.
    private static func firstGeneration(
        _ format: StoredRecord<UInt64>, _ generations: StoredRecord<UInt64>
    ) -> UInt64? {
        switch (format, generations) {
        case (.absent, .absent): 1
        case (.record(Self.format), .record(let first)): first
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
        if !keep {
            for table in [tasks, wire, pieces, uses] { try transaction.empty(table) }
            try MetaNumber.used.write(0, transaction, meta)
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

import CLMDB
import Glibc

/// One open LMDB environment. It closes when the last reference goes, so no transaction can outlive it.
///
/// LMDB forbids two environments on one path in a process (closing one drops the other's locks). The store's own lock
/// file, taken before, guards that too: `flock` refuses a second open of it in the same process.
final class Environment: @unchecked Sendable {
    // Unchecked: the pointer never changes, and LMDB synchronises an environment itself (MDB_NOTLS: a read transaction
    // belongs to its handle and not to a thread; write transactions begin and end in one call of `write`).
    private let handle: OpaquePointer

    /// Kept until the environment is closed, then released: whatever guards the directory.
    private let guardian: AnyObject?

    /// Opens the environment in the existing directory `path`.
    ///
    /// No `MDB_WRITEMAP` (a stray write would damage the index, and the file would be extended to the map's size), no
    /// `MDB_NOSYNC` (a commit that returned is on disk). `MDB_NORDAHEAD`: keys are hashes, so neighbours are not read
    /// together.
    init(path: String, mapSize: Int, guardian: AnyObject? = nil) throws(LMDBError) {
        var opened: OpaquePointer?
        try LMDBError.check(mdb_env_create(&opened), "create its environment")
        guard let environment = opened else { throw LMDBError(code: ENOMEM, operation: "create its environment") }
        do throws(LMDBError) {
            try Self.prepare(environment, mapSize: mapSize)
            try LMDBError.check(
                mdb_env_open(environment, path, UInt32(MDB_NOTLS | MDB_NORDAHEAD), 0o600), "open \(path)")
            var stale: CInt = 0
            try LMDBError.check(mdb_reader_check(environment, &stale), "clear the readers of a process that died")
        } catch {
            mdb_env_close(environment)
            throw error
        }
        handle = environment
        self.guardian = guardian
    }

    deinit { mdb_env_close(handle) }

    private static func prepare(_ environment: OpaquePointer, mapSize: Int) throws(LMDBError) {
        try LMDBError.check(mdb_env_set_mapsize(environment, mapSize), "set its map size")
        try LMDBError.check(mdb_env_set_maxdbs(environment, 16), "set its number of tables")
        try LMDBError.check(mdb_env_set_maxreaders(environment, 512), "set its number of readers")
    }

    /// Runs `body` on a snapshot. Blocking; what `body` gets from the transaction must not leave it uncopied.
    func read<T>(_ body: (Transaction) throws(LMDBError) -> T) throws(LMDBError) -> T {
        let transaction = try begin(flags: UInt32(MDB_RDONLY))
        defer { mdb_txn_abort(transaction.handle) }
        return try body(transaction)
    }

    /// Runs `body` in the write transaction and commits; nothing is changed if either throws. Blocking, one at a time.
    func write<T>(_ body: (Transaction) throws(LMDBError) -> T) throws(LMDBError) -> T {
        let transaction = try begin(flags: 0)
        let result: T
        do throws(LMDBError) {
            result = try body(transaction)
        } catch {
            mdb_txn_abort(transaction.handle)
            throw error
        }
        try LMDBError.check(mdb_txn_commit(transaction.handle), "commit")
        return result
    }

    private func begin(flags: UInt32) throws(LMDBError) -> Transaction {
        var transaction: OpaquePointer?
        try LMDBError.check(mdb_txn_begin(handle, nil, flags, &transaction), "begin a transaction")
        guard let transaction else { throw LMDBError(code: ENOMEM, operation: "begin a transaction") }
        return Transaction(handle: transaction)
    }
}

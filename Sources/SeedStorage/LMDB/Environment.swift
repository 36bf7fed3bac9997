import CLMDB
import Glibc
import SeedSupport

/// One open LMDB environment. It closes when the last reference goes, so no transaction can outlive it.
///
/// LMDB forbids two environments on one path in a process (closing one drops the other's locks). The store's own lock
/// file, taken before, guards that too: `flock` refuses a second open of it in the same process.
///
/// After a failed write of its meta page LMDB refuses every transaction, reads too, until the environment is opened
/// again. `write` does that, in the one moment in which no transaction is running.
final class Environment: @unchecked Sendable {
    // Unchecked: LMDB synchronises an environment itself (MDB_NOTLS: a read transaction belongs to its handle and not
    // to a thread; write transactions begin and end in one call of `write`), and the gate guards which one it is.
    private let gate: Monitor<Gate>
    private let path: String
    private let mapSize: Int

    /// The directory's lock: kept until the environment is closed.
    private let guardian: AnyObject?

    private struct Gate {
        /// Nil while it is opened again, and after that failed.
        var handle: OpaquePointer?
        /// Transactions that use it.
        var running = 0
        /// In the order of their opening, which gives them their numbers.
        var tables: [(name: String, flags: CInt, table: Table)] = []
    }

    /// Opens the environment in the existing directory `path`.
    ///
    /// No `MDB_WRITEMAP` (a stray write would damage the index, and the file would be extended to the map's size), no
    /// `MDB_NOSYNC` (a commit that returned is on disk). `MDB_NORDAHEAD`: keys are hashes, so neighbours are not read
    /// together.
    init(path: String, mapSize: Int, guardian: AnyObject? = nil) throws(LMDBError) {
        gate = Monitor(Gate(handle: try Self.open(path, mapSize: mapSize)))
        self.path = path
        self.mapSize = mapSize
        self.guardian = guardian
    }

    deinit { gate.withLock { $0.handle.take() }.map { mdb_env_close($0) } }

    private static func open(_ path: String, mapSize: Int) throws(LMDBError) -> OpaquePointer {
        var opened: OpaquePointer?
        try LMDBError.check(mdb_env_create(&opened), "create its environment")
        guard let environment = opened else { throw LMDBError(code: ENOMEM, operation: "create its environment") }
        do throws(LMDBError) {
            try prepare(environment, mapSize: mapSize)
            try LMDBError.check(
                mdb_env_open(environment, path, UInt32(MDB_NOTLS | MDB_NORDAHEAD), 0o600), "open \(path)")
            var stale: CInt = 0
            try LMDBError.check(mdb_reader_check(environment, &stale), "clear the readers of a process that died")
        } catch {
            mdb_env_close(environment)
            throw error
        }
        return environment
    }

    private static func prepare(_ environment: OpaquePointer, mapSize: Int) throws(LMDBError) {
        try LMDBError.check(mdb_env_set_mapsize(environment, mapSize), "set its map size")
        try LMDBError.check(mdb_env_set_maxdbs(environment, 16), "set its number of tables")
        try LMDBError.check(mdb_env_set_maxreaders(environment, 512), "set its number of readers")
    }

    /// Runs `body` on a snapshot. Blocking; what `body` gets from the transaction must not leave it uncopied.
    func read<T>(_ body: (Transaction) throws(LMDBError) -> T) throws(LMDBError) -> T {
        let handle = try enter()
        defer { leave() }
        let transaction = try begin(handle, flags: UInt32(MDB_RDONLY))
        defer { mdb_txn_abort(transaction.handle) }
        return try body(transaction)
    }

    /// Runs `body` in the write transaction and commits; nothing is changed if either throws. Blocking, and from one
    /// thread at a time.
    func write<T>(_ body: (Transaction) throws(LMDBError) -> T) throws(LMDBError) -> T {
        if gate.withLock({ $0.handle == nil }) { try reopen() }
        do throws(LMDBError) {
            return try commit(body)
        } catch {
            // If reopening fails, the next write tries again.
            if refusesAll { try? reopen() }
            throw error
        }
    }

    private func commit<T>(_ body: (Transaction) throws(LMDBError) -> T) throws(LMDBError) -> T {
        let handle = try enter()
        defer { leave() }
        let transaction = try begin(handle, flags: 0)
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

    private func begin(_ handle: OpaquePointer, flags: UInt32) throws(LMDBError) -> Transaction {
        var transaction: OpaquePointer?
        try LMDBError.check(mdb_txn_begin(handle, nil, flags, &transaction), "begin a transaction")
        guard let transaction else { throw LMDBError(code: ENOMEM, operation: "begin a transaction") }
        return Transaction(handle: transaction, environment: self)
    }

    // MARK: Opening again

    /// A table was opened. Its number must be the same when the environment is opened again.
    func remember(_ table: Table, _ name: String, flags: CInt) {
        gate.withLock { gate in
            if !gate.tables.contains(where: { $0.name == name }) { gate.tables.append((name, flags, table)) }
        }
    }

    private func enter() throws(LMDBError) -> OpaquePointer {
        let handle = gate.withLock { gate in
            if gate.handle != nil { gate.running += 1 }
            return gate.handle
        }
        guard let handle else { throw LMDBError(code: MDB_PANIC, operation: "begin a transaction") }
        return handle
    }

    private func leave() {
        gate.signalIfNeeded { gate in
            gate.running -= 1
            return gate.running == 0 && gate.handle == nil
        }
    }

    private var refusesAll: Bool {
        do throws(LMDBError) {
            try read { _ in }
            return false
        } catch {
            return error.code == MDB_PANIC
        }
    }

    /// Waits for the running transactions: each is short, and none waits for the writer.
    func reopen() throws(LMDBError) {
        let old = gate.withLock { $0.handle.take() }
        let tables = gate.wait { $0.running == 0 ? .go($0.tables) : .wait(until: nil) }
        if let old { mdb_env_close(old) }
        let fresh = try Self.open(path, mapSize: mapSize)
        do throws(LMDBError) {
            let transaction = try begin(fresh, flags: 0)
            // Nothing is changed, so nothing is written.
            defer { mdb_txn_commit(transaction.handle) }
            for known in tables {
                var table: MDB_dbi = 0
                let code = mdb_dbi_open(transaction.handle, known.name, UInt32(known.flags), &table)
                try LMDBError.check(code, "open the table \(known.name) again")
                guard table == known.table.handle else {
                    throw LMDBError(code: MDB_PANIC, operation: "find the table \(known.name) again")
                }
            }
        } catch {
            mdb_env_close(fresh)
            throw error
        }
        gate.withLock { $0.handle = fresh }
    }
}

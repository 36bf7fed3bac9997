import CLMDB
import Glibc

/// A named database of the environment. Valid as long as its environment.
struct Table: Sendable {
    let handle: MDB_dbi
}

/// A transaction, alive inside the closure of `Environment.read` or `write` only.
struct Transaction {
    let handle: OpaquePointer
    let environment: Environment

    /// Opens a table, in a write transaction created if it is missing. Once per process and table.
    func table(_ name: String, flags: CInt = 0) throws(LMDBError) -> Table {
        var table: MDB_dbi = 0
        try LMDBError.check(
            mdb_dbi_open(handle, name, UInt32(flags | MDB_CREATE), &table), "open the table \(name)")
        let opened = Table(handle: table)
        environment.remember(opened, name, flags: flags)
        return opened
    }

    /// A copy of the value, or nil.
    func get(_ key: [UInt8], in table: Table) throws(LMDBError) -> [UInt8]? {
        var value = MDB_val()
        let code = Self.withValue(key) { mdb_get(handle, table.handle, &$0, &value) }
        if code == MDB_NOTFOUND { return nil }
        try LMDBError.check(code, "read a record")
        return [UInt8](Self.bytes(value))
    }

    /// Stores a value; in a `MDB_DUPSORT` table adds it to the key's values.
    func put(_ value: [UInt8], for key: [UInt8], in table: Table) throws(LMDBError) {
        let code = Self.withValue(key) { key in
            Self.withValue(value) { mdb_put(handle, table.handle, &key, &$0, 0) }
        }
        try LMDBError.check(code, "write a record")
    }

    /// Deletes the key, or with `value` that one value of a `MDB_DUPSORT` table. A missing key is not an error.
    func delete(_ key: [UInt8], value: [UInt8]? = nil, in table: Table) throws(LMDBError) {
        let code = Self.withValue(key) { key in
            guard let value else { return mdb_del(handle, table.handle, &key, nil) }
            return Self.withValue(value) { mdb_del(handle, table.handle, &key, &$0) }
        }
        if code != MDB_NOTFOUND { try LMDBError.check(code, "delete a record") }
    }

    /// The number of records.
    func count(of table: Table) throws(LMDBError) -> Int {
        var statistics = MDB_stat()
        try LMDBError.check(mdb_stat(handle, table.handle, &statistics), "count its records")
        return statistics.ms_entries
    }

    /// Deletes every record of a table.
    func empty(_ table: Table) throws(LMDBError) {
        try LMDBError.check(mdb_drop(handle, table.handle, 0), "empty a table")
    }

    /// Lends the bytes as LMDB's value type; LMDB does not write through it.
    static func withValue<T>(_ bytes: [UInt8], _ body: (inout MDB_val) -> T) -> T {
        bytes.withUnsafeBytes { bytes in
            var value = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return body(&value)
        }
    }

    static func bytes(_ value: MDB_val) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
    }
}

// MARK: Scans

/// Whether a scan goes on.
enum Scan {
    case next
    case stop
}

extension Transaction {
    /// Visits the records from the first key that is not below `start`, in key order (and value order in a
    /// `MDB_DUPSORT` table). The buffers are LMDB's own: copy what must outlive the call.
    func scan(
        _ table: Table, from start: [UInt8],
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(LMDBError) -> Scan
    ) throws(LMDBError) {
        var opened: OpaquePointer?
        try LMDBError.check(mdb_cursor_open(handle, table.handle, &opened), "open a cursor")
        guard let cursor = opened else { throw LMDBError(code: ENOMEM, operation: "open a cursor") }
        defer { mdb_cursor_close(cursor) }

        var value = MDB_val()
        var (key, code) = Self.seek(cursor, start, &value)
        while code == MDB_SUCCESS {
            if try visit(Self.bytes(key), Self.bytes(value)) == .stop { return }
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
        }
        if code != MDB_NOTFOUND { try LMDBError.check(code, "scan a table") }
    }

    /// An empty start means the first record: LMDB takes no empty key.
    private static func seek(_ cursor: OpaquePointer, _ start: [UInt8], _ value: inout MDB_val) -> (MDB_val, CInt) {
        withValue(start) { key in
            let code = mdb_cursor_get(cursor, &key, &value, start.isEmpty ? MDB_FIRST : MDB_SET_RANGE)
            return (key, code)
        }
    }
}

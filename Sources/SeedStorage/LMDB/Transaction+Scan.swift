import CLMDB
import Glibc

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

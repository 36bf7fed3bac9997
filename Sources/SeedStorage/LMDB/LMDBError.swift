import CLMDB
import Glibc

/// An error of LMDB: its code, the operation, and LMDB's own message.
struct LMDBError: Error, Equatable, CustomStringConvertible {
    let code: CInt
    let operation: String

    var description: String { "the index failed to \(operation): \(String(cString: mdb_strerror(code))) (\(advice))" }

    /// No room: the map or the volume is full.
    var isFull: Bool { [MDB_MAP_FULL, ENOSPC, EDQUOT].contains(code) }

    /// The volume is full, which eviction repairs. It does not repair a full map.
    var isVolumeFull: Bool { [ENOSPC, EDQUOT].contains(code) }

    /// LMDB's error for a partial write: the volume is full, or the device failed.
    var isShortWrite: Bool { code == EIO }

    /// The file is not what was written.
    var isDamage: Bool { [MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID].contains(code) }

    /// Advice for the operator.
    private var advice: String {
        switch code {
        case MDB_MAP_FULL:
            "the index has reached its 1 TiB; lower gc.policy.taskTTL or diskThreshold, so that it holds less"
        case ENOSPC, EDQUOT: "free space on the volume"
        case MDB_PANIC, EIO: "the volume refused a write; check the disk"
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID:
            "the index is damaged; stop the server and run `seed-peer store repair --dir` with its storage.dir"
        case MDB_VERSION_MISMATCH:
            "the index was made by another version of LMDB; empty storage.dir or use that version"
        case MDB_READERS_FULL: "more readers at once than it has places for; report this as a mistake of ours"
        case ENOMEM: "the address space is limited; lift `ulimit -v`"
        default: "code \(code)"
        }
    }

    /// Throws unless `code` is success.
    static func check(_ code: CInt, _ operation: @autoclosure () -> String) throws(LMDBError) {
        if code != MDB_SUCCESS { throw LMDBError(code: code, operation: operation()) }
    }
}

import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport

/// The open descriptor of a content file. It is closed when the last reference goes: content file, leases, all of them,
/// so its number cannot come to mean another file under a reader (rule:lease-holds-descriptor).
final class OpenFile: Sendable {
    /// Closes the descriptor of the named file.
    typealias Closer = @Sendable (FileName, CInt) -> Void

    let name: FileName
    let path: String
    let descriptor: CInt
    let observer: ContentObserver
    private let closer: Closer

    /// The epoch that new leases join, for a `ContentFile` that is made again while leases of an earlier one live.
    let latestEpoch = Lock(WeakLease())

    struct WeakLease: Sendable {
        weak var lease: Lease?
    }

    init(name: FileName, path: String, descriptor: CInt, observer: ContentObserver, closer: @escaping Closer) {
        self.name = name
        self.path = path
        self.descriptor = descriptor
        self.observer = observer
        self.closer = closer
    }

    deinit { closer(name, descriptor) }
}

/// A descriptor of a content file, for giving regions back to the volume.
struct PunchedFile {
    let descriptor: CInt
    let path: String

    /// Gives the whole pages inside `range` back to the volume.
    /// - Returns: by how many bytes the file shrank on the volume. Writes at the same moment may hide some.
    func punch(_ range: ByteRange) throws(StorageError) -> Int64 {
        let page = Int64(max(sysconf(Int32(_SC_PAGESIZE)), 4096))
        let lower = (range.lowerBound + page - 1) / page * page
        let upper = range.upperBound / page * page
        guard lower < upper else { return 0 }
        let before = Self.allocated(descriptor)
        try StorageError.mapping("punch \(range) out of", path) { () throws(Errno) in
            try System.punch(descriptor, at: lower, count: upper - lower)
        }
        return min(max(before - Self.allocated(descriptor), 0), upper - lower)
    }

    /// Bytes that a file takes on the volume.
    static func allocated(_ descriptor: CInt) -> Int64 {
        (try? System.status(of: descriptor)).map(allocated) ?? 0
    }

    /// The same for a path; 0 when the file is missing.
    static func allocated(_ path: String) -> Int64 {
        (try? System.linkStatus(of: path)).map(allocated) ?? 0
    }

    private static func allocated(_ status: stat) -> Int64 { Int64(status.st_blocks) * 512 }
}

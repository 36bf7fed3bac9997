import CPosixIO
import DragonflyIdentity
import Glibc

/// A descriptor of a content file that regions are given back of.
struct PunchedFile {
    let descriptor: CInt
    let path: String

    /// Gives the whole pages inside `range` back to the volume.
    /// - Returns: the bytes that the file takes less. What others wrote to it at this moment may hide some.
    func punch(_ range: ByteRange) throws(StorageError) -> Int64 {
        let page = Int64(max(sysconf(Int32(_SC_PAGESIZE)), 4096))
        let lower = (range.lowerBound + page - 1) / page * page
        let upper = range.upperBound / page * page
        guard lower < upper else { return 0 }
        let before = Self.allocated(descriptor)
        while posix_io_punch(descriptor, lower, upper - lower) != 0 {
            if errno != EINTR { throw .file("punch \(range) out of", path) }
        }
        return min(max(before - Self.allocated(descriptor), 0), upper - lower)
    }

    /// Bytes that a file takes on the volume.
    static func allocated(_ descriptor: CInt) -> Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_blocks) * 512 : 0
    }

    /// The same for a name; 0 when there is no such file.
    static func allocated(_ path: String) -> Int64 {
        var status = stat()
        return lstat(path, &status) == 0 ? Int64(status.st_blocks) * 512 : 0
    }
}

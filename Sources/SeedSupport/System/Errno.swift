import CPosixIO
import Glibc

/// Why a system call failed.
package struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    /// As in errno(3).
    package let code: Int32

    package init(_ code: Int32) {
        self.code = code
    }

    /// The calling thread's.
    package static var current: Errno { Errno(errno) }

    package static let again = Errno(EAGAIN)
    package static let interrupted = Errno(EINTR)
    package static let exists = Errno(EEXIST)
    package static let noEntry = Errno(ENOENT)
    package static let unsupported = Errno(EOPNOTSUPP)

    /// The system's words, such as "No space left on device".
    package var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            let text = posix_io_error_text(code, buffer.baseAddress, buffer.count)
            return text.map { String(cString: $0) } ?? "error \(code)"
        }
    }
}

import Glibc
import SeedSupport

/// The exclusive lock on a store's directory, held until the object goes.
///
/// `flock` belongs to the open file, so it also refuses a second store on the directory in this process.
final class DirectoryLock: Sendable {
    /// The first line of the file, which marks the directory as ours.
    private static let marker = "seed-peer store\n"

    private let descriptor: CInt
    private let path: String

    init(path: String, directory: String) throws(StorageError) {
        let descriptor = try StorageError.mapping("open the lock file", path) { () throws(Errno) in
            try System.open(path, O_RDWR | O_CREAT | O_NOFOLLOW)
        }
        do throws(Errno) {
            try System.lockExclusively(descriptor)
        } catch {
            defer { System.close(descriptor) }
            guard error.code == EWOULDBLOCK else { throw .file("lock", path, error) }
            let holder = Self.holder(descriptor).map { "process \($0)" } ?? "another process"
            throw StorageError(
                .inUse, "storage.dir \(directory) is in use by \(holder): stop it or name another directory",
                systemError: error.code)
        }
        self.descriptor = descriptor
        self.path = path
    }

    deinit { System.close(descriptor) }

    var hasMarker: Bool { Self.text(descriptor).hasPrefix(Self.marker) }

    var isEmpty: Bool { Self.text(descriptor).isEmpty }

    /// Marks the directory and writes our process id, for the error of a second process.
    func writeMarker() throws(StorageError) {
        let text = Bytes("\(Self.marker)\(getpid())\n")
        try StorageError.mapping("write", path) { () throws(Errno) in
            let count = try text.withUnsafeBytes { bytes throws(Errno) in try System.write(descriptor, bytes, at: 0) }
            guard count == text.count else { throw Errno(EIO) }
            try System.truncate(descriptor, to: Int64(count))
        }
    }

    private static func holder(_ descriptor: CInt) -> pid_t? {
        let text = text(descriptor)
        guard text.hasPrefix(marker) else { return nil }
        return text.dropFirst(marker.count).split(separator: "\n").first.flatMap { pid_t($0) }
    }

    private static func text(_ descriptor: CInt) -> String {
        let text = Bytes(unsafeUninitializedCapacity: 64) { (try? System.read(descriptor, $0, at: 0)) ?? 0 }
        return text.description
    }
}

import Glibc

/// The exclusive lock on a store's directory, held until the object goes.
///
/// `flock` belongs to the open file, so it also refuses a second store on the directory in this process.
final class DirectoryLock: Sendable {
    /// The first line of the file, which marks the directory as ours.
    private static let marker = "seed-peer store\n"

    private let descriptor: CInt
    private let path: String

    init(path: String, directory: String) throws(StorageError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file("open the lock file", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(descriptor).map { "process \($0)" } ?? "another process"
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .file("lock", path, code) }
            throw StorageError(
                .inUse, "storage.dir \(directory) is in use by \(holder): stop it or name another directory",
                systemError: code)
        }
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    var hasMarker: Bool { Self.text(descriptor).hasPrefix(Self.marker) }

    var isEmpty: Bool { Self.text(descriptor).isEmpty }

    /// Marks the directory and leaves our process id for whoever finds it in use.
    func writeMarker() throws(StorageError) {
        let text = Array("\(Self.marker)\(getpid())\n".utf8)
        guard pwrite(descriptor, text, text.count, 0) == text.count, ftruncate(descriptor, off_t(text.count)) == 0
        else {
            throw .file("write", path)
        }
    }

    private static func holder(_ descriptor: CInt) -> pid_t? {
        let text = text(descriptor)
        guard text.hasPrefix(marker) else { return nil }
        return text.dropFirst(marker.count).split(separator: "\n").first.flatMap { pid_t($0) }
    }

    private static func text(_ descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}

import DragonflyIdentity
import Glibc
import Synchronization

/// The content files of the store: `content/<2 hex>/<store key>.<generation>`.
final class ContentDirectory: Sendable {
    private let root: String
    private let threads: StoreThreads

    /// The open files, so that a file has one `ContentFile` and one chain of epochs, however often it is opened.
    private let known = Mutex<[FileName: Entry]>([:])

    private struct Entry {
        weak var content: ContentFile?
        weak var file: OpenFile?
    }

    init(root: String, threads: StoreThreads) {
        self.root = root
        self.threads = threads
    }

    func path(of name: FileName) -> String { "\(shard(of: name))/\(name.key.hex).\(name.generation)" }

    private func shard(of name: FileName) -> String { "\(root)/\(name.key.hex.prefix(2))" }

    /// Makes a file that does not exist yet; nil when it does.
    func create(_ name: FileName) throws(StorageError) -> ContentFile? {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var descriptor = Glibc.open(path(of: name), flags, 0o600)
        if descriptor < 0, errno == ENOENT {
            for directory in [root, shard(of: name)] where mkdir(directory, 0o700) != 0 && errno != EEXIST {
                throw .file("create the directory", directory)
            }
            descriptor = Glibc.open(path(of: name), flags, 0o600)
        }
        if descriptor < 0, errno == EEXIST { return nil }
        guard descriptor >= 0 else { throw .file("create", path(of: name)) }
        return adopt(name, descriptor)
    }

    /// The file of a record; the one that is open already, if there is one.
    func open(_ name: FileName) throws(StorageError) -> ContentFile {
        if let file = known.withLock({ Self.content(in: &$0, name) }) { return file }
        let descriptor = Glibc.open(path(of: name), O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file("open", path(of: name)) }
        return adopt(name, descriptor)
    }

    /// Takes the name away. Who has the file open goes on reading. A file that is not there is no error.
    func unlink(_ name: FileName) throws(StorageError) {
        known.withLock { _ = $0.removeValue(forKey: name) }
        if Glibc.unlink(path(of: name)) != 0, errno != ENOENT { throw .file("delete", path(of: name)) }
    }

    /// The content files in one of the 256 directories.
    func files(inShard number: Int) -> [FileName] {
        let hex = String(number, radix: 16)
        let names = StoreDirectory.entries(of: "\(root)/\(hex.count == 1 ? "0" : "")\(hex)")
        return names.compactMap(Self.parse)
    }

    /// Nil for a name that we would not give.
    private static func parse(_ text: String) -> FileName? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let key = StoreKey(hex: parts[0]), let generation = UInt64(parts[1]) else { return nil }
        return FileName(key: key, generation: generation)
    }

    private func adopt(_ name: FileName, _ descriptor: CInt) -> ContentFile {
        let opened = OpenFile(name: name, path: path(of: name), descriptor: descriptor) { [self] in close($0, $1) }
        return known.withLock { known in
            // Another thread may have opened it meanwhile: then ours closes itself.
            if let file = Self.content(in: &known, name) { return file }
            let content = ContentFile(file: opened)
            known[name] = Entry(content: content, file: opened)
            return content
        }
    }

    /// The living content file, or a new one on a descriptor that leases still hold.
    private static func content(in known: inout [FileName: Entry], _ name: FileName) -> ContentFile? {
        guard let entry = known[name] else { return nil }
        if let content = entry.content { return content }
        guard let file = entry.file else { return nil }
        let content = ContentFile(file: file)
        known[name]?.content = content
        return content
    }

    /// Away from the releasing thread, which may be an event loop: closing an unlinked file frees its blocks.
    private func close(_ name: FileName, _ descriptor: CInt) {
        known.withLock { known in
            if let entry = known[name], entry.file == nil { known[name] = nil }
        }
        let isQueued = threads.run { Glibc.close(descriptor) }
        if !isQueued { Glibc.close(descriptor) }
    }
}

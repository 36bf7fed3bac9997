#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What an output path resolves to. Only regular files are replaced.
enum OutputTarget: Hashable, Sendable {
    /// A regular file or an unused name, after following symbolic links.
    case file(String)
    /// A device, a FIFO, or a deleted file that another process has open.
    case special(String)
    /// An open descriptor of this process, as `/dev/stdout` and `/dev/fd/3` name them.
    case descriptor(Int32)

    /// - Throws: when the name leads to a directory or nowhere.
    init(_ path: String) throws(OutputError) {
        let names = try Self.names(from: path)
        if let descriptor = names.lazy.compactMap(Self.descriptor).first {
            self = .descriptor(descriptor)
            return
        }
        let name = names.last ?? path
        var status = stat()
        if stat(path, &status) != 0 {
            guard errno == ENOENT else { throw OutputError("open", path) }
            self = .file(name)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG where Self.names(name, status): self = .file(name)
        case S_IFDIR: throw OutputError("write", path, EISDIR)
        default: self = .special(path)
        }
    }

    /// Links in `/proc` lead to files whatever their text says, which for a deleted one ends in ` (deleted)`.
    private static func names(_ path: String, _ file: stat) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && (status.st_dev, status.st_ino) == (file.st_dev, file.st_ino)
    }

    /// The name and those that symbolic links lead to from it, in that order.
    private static func names(from path: String) throws(OutputError) -> [String] {
        var names = [path]
        while let target = target(of: names[names.count - 1]) {
            // The system's own limit.
            guard names.count <= 40 else { throw OutputError("open", path, ELOOP) }
            names.append(target)
        }
        return names
    }

    /// Where a symbolic link leads; nil for anything else.
    private static func target(of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        // The address is never nil: PATH_MAX is more than nothing.
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        guard count > 0 else { return nil }
        let target = String(decoding: buffer[..<count], as: UTF8.self)
        return target.utf8.first == UInt8(ascii: "/") ? target : directory(of: path) + "/" + target
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Linux shows a process its descriptors as links in `/proc/self/fd`, to which `/dev/fd` leads. What they name may be a
    /// socket, which can't be opened, or a file that is written from where the descriptor stands.
    private static func descriptor(_ path: String) -> Int32? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")),
            let number = Int32(path[path.utf8.index(after: slash)...]),
            let directory = realpath(directory(of: path), nil)
        else { return nil }
        defer { free(directory) }
        let name = String(cString: directory)
        let isOurs = name.hasPrefix("/proc/\(getpid())/") && name.hasSuffix("/fd")
        return isOurs && fcntl(number, F_GETFD) >= 0 ? number : nil
    }
}

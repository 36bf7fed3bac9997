import HTTPSemantics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file being assembled: `FILE.part`, and `FILE.part.state`, which records what is in it.
///
/// The state is a text: the object and its version, then a line for each part that is safely on the disk. It is only
/// appended to, so that a download can resume after the program was killed at any time. All calls block.
final class PartFile: Sendable {
    /// Which bytes of which version of which object the file holds.
    struct Subject: Hashable, Sendable {
        let taskID: String
        let window: DownloadOpening.Window

        /// An entity tag may hold octets that are no text.
        fileprivate var lines: [UInt8] {
            let range = "\(window.range.lowerBound)-\(window.range.upperBound)"
            return "dragonfly-part 1\n\(taskID)\n".utf8 + window.entityTag.octets
                + "\n\(window.completeLength)\n\(range)\n".utf8
        }
    }

    private let path: String
    private let data: Int32
    private let state: Int32
    private let start: Int64

    /// Parts that were there when the file was opened, in bytes of the object.
    let done: [Range<Int64>]

    /// Goes on with a part file of the same subject, or begins anew.
    /// - Parameter subject: nil when the bytes come in one stream, which is not resumed.
    init(_ path: String, subject: Subject?) throws(OutputError) {
        self.path = path
        start = subject?.window.range.lowerBound ?? 0
        let known = subject.flatMap { PartFile.readState(path, of: $0) }
        done = known ?? []
        let fresh = known == nil ? O_TRUNC : 0
        // Before the bytes it tells about go.
        if known == nil { unlink(path + ".part.state") }
        // Never more permissive than the final file.
        let mode = (permissions(of: path) ?? 0o644) & 0o644 | 0o600
        data = try openFile(path + ".part", O_RDWR | O_CREAT | fresh, mode)
        do {
            state = try PartFile.openState(path, of: subject, fresh, mode)
        } catch {
            close(data)
            throw error
        }
    }

    deinit {
        close(data)
        if state >= 0 { close(state) }
    }

    /// - Parameter offset: in the object.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(OutputError) {
        try writeAll(bytes, to: data, at: offset - start, path)
    }

    /// Records that all bytes of the part have been written.
    func finish(_ part: Range<Int64>) throws(OutputError) {
        guard fdatasync(data) == 0 else { throw OutputError("write", path) }
        try writeAll(Array("\(part.lowerBound)-\(part.upperBound)\n".utf8), to: state, at: nil, path)
    }

    /// Renames the file into place, with the permissions of the one it replaces, and removes the state.
    func publish() throws(OutputError) {
        if let mode = permissions(of: path), fchmod(data, mode) != 0 {
            throw OutputError("give its permissions to", path)
        }
        guard fsync(data) == 0 else { throw OutputError("write", path) }
        guard rename(path + ".part", path) == 0 else { throw OutputError("rename to", path) }
        unlink(path + ".part.state")
    }
}

extension PartFile {
    /// -1 without a subject.
    private static func openState(
        _ path: String, of subject: Subject?, _ fresh: Int32, _ mode: mode_t
    ) throws(OutputError) -> Int32 {
        guard let subject else { return -1 }
        let state = try openFile(path + ".part.state", O_RDWR | O_CREAT | O_APPEND | fresh, mode)
        if fresh != 0 { try writeAll(subject.lines, to: state, at: nil, path) }
        return state
    }

    /// The parts of a state about this subject; nil when there is none, or no data to it.
    private static func readState(_ path: String, of subject: Subject) -> [Range<Int64>]? {
        guard access(path + ".part", R_OK | W_OK) == 0, let text = readFile(path + ".part.state") else { return nil }
        let head = subject.lines
        guard text.starts(with: head) else { return nil }
        // An unterminated last line was cut off when the program died.
        let lines = text[head.count...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .dropLast()
        let done = lines.compactMap { line -> Range<Int64>? in
            let ends = line.split(separator: UInt8(ascii: "-")).compactMap {
                Int64(String(decoding: $0, as: UTF8.self))
            }
            return ends.count == 2 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
        }
        var status = stat()
        let end = done.map(\.upperBound).max() ?? 0
        guard stat(path + ".part", &status) == 0, Int64(status.st_size) >= end - subject.window.range.lowerBound else {
            return nil
        }
        return done
    }

    /// A state has one line for each of at most a million parts. A larger file is not a state, nor is a FIFO, which
    /// isn't waited for.
    private static func readFile(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size < 64 << 20 else { return nil }
        // One more than there is, to see the end.
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes {
                pread(file, $0.baseAddress! + count, $0.count - count, off_t(count))
            }
            guard read > 0 else { return read == 0 ? Array(bytes[..<count]) : nil }
            count += read
        }
        return nil
    }
}

/// The output cannot be written. The text is for the user who named the file.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ verb: String, _ path: String, _ code: Int32 = errno) {
        self.init(verb, path, because: String(cString: strerror(code)))
    }

    init(_ verb: String, _ path: String, because reason: String) {
        description = "cannot \(verb) \(path): \(reason)"
    }
}

/// Follows no symbolic link: in a shared directory it could point at any of our files.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) throws(OutputError) -> Int32 {
    let file = open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else {
        guard errno == ELOOP else { throw OutputError("open", path) }
        throw OutputError("open", path, because: "it is a symbolic link; delete it, or write elsewhere")
    }
    return file
}

/// Nil where there is no file.
private func permissions(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}

private func writeAll(_ bytes: [UInt8], to file: Int32, at offset: Int64?, _ path: String) throws(OutputError) {
    // `withUnsafeBytes` knows no typed errors.
    try bytes.withUnsafeBytes { bytes in
        Result { () throws(OutputError) in try writeAll(bytes, to: file, at: offset, path) }
    }.get()
}

/// - Parameter offset: nil writes where the file stands.
private func writeAll(
    _ bytes: UnsafeRawBufferPointer, to file: Int32, at offset: Int64?, _ path: String
) throws(OutputError) {
    var written = 0
    while written < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count =
            offset.map { pwrite(file, rest.baseAddress, rest.count, off_t($0) + off_t(written)) }
            ?? write(file, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw OutputError("write", path) }
        written += count
    }
}

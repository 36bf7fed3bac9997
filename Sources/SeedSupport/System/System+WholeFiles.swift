import Glibc

extension System {
    /// Writes all of `bytes`, however many calls that takes.
    package static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try write(descriptor, rest)
            guard count > 0 else { throw Errno(EIO) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    package static func writeAll(_ descriptor: Int32, _ text: String) throws(Errno) {
        try Bytes(text).withUnsafeBytes { bytes throws(Errno) in try writeAll(descriptor, bytes) }
    }

    /// Reads into all of `buffer` from `offset`.
    /// - Returns: how many bytes; fewer only where the file ends.
    package static func readAll(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try read(descriptor, rest, at: offset + Int64(done))
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// The content of a file.
    /// - Parameter limit: bytes; a longer file is an error (EFBIG), so that no file takes memory without bound.
    package static func readFile(_ path: String, limit: Int) throws(Errno) -> Bytes {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        var content = ByteBuilder()
        while true {
            let before = content.count
            try content.append(minimum: 64 << 10) { room throws(Errno) in try read(descriptor, room) }
            guard content.count > before else { return content.take() }
            guard content.count <= limit else { throw Errno(EFBIG) }
        }
    }
}

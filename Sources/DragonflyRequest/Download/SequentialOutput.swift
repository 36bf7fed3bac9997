import SeedSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An output that is written from its beginning to its end and never replaced: a device, a FIFO, an open descriptor.
///
/// Waits for a FIFO's reader, and for room in it, are short steps, so that cancellation and the timeout take effect. A
/// descriptor left in blocking mode can block a write indefinitely.
final class SequentialOutput: Sendable {
    /// The length of one such step, in milliseconds.
    private static let step: Int32 = 20

    private let path: String
    private let descriptor: Int32

    /// - Parameter path: for messages.
    init(_ path: String, descriptor: Int32) throws(OutputError) {
        self.path = path
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard self.descriptor >= 0 else { throw OutputError("open", path) }
    }

    /// Nil for a FIFO without a reader.
    private init?(opening path: String) throws(OutputError) {
        self.path = path
        // Nothing of a deleted file may remain.
        descriptor = Self.open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_TRUNC)
        guard descriptor < 0 else { return }
        let code = errno
        var status = stat()
        // Sockets give this code, too.
        guard code == ENXIO, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            throw OutputError("open", path, code)
        }
        return nil
    }

    deinit { close(descriptor) }

    /// Opens a device or a FIFO, for whose reader it waits.
    /// - Parameter limit: of the wait.
    /// - Throws: `OutputError`, or `DragonflyError` when the time or the task ends.
    static func open(_ path: String, within limit: Duration) async throws -> SequentialOutput {
        let deadline = MonotonicTime.now() + limit
        while true {
            if let output = try await blocking({ try SequentialOutput(opening: path) }) { return output }
            guard MonotonicTime.now() < deadline else { throw DragonflyError.timeout("\(path) has no reader") }
            do { try await Task.sleep(for: .milliseconds(Int(step))) } catch { throw DragonflyError.cancelled }
        }
    }

    /// - Parameter limit: of the wait for room, each time that there is none.
    /// - Throws: as `open`.
    func write(_ chunk: ByteChunk, within limit: Duration) async throws {
        var written = 0
        var deadline = MonotonicTime.now() + limit
        while true {
            let start = written
            written += try await blocking { try self.writeSome(chunk, from: start) }
            guard written < chunk.count else { return }
            guard !Task.isCancelled else { throw DragonflyError.cancelled }
            let now = MonotonicTime.now()
            if written > start { deadline = now + limit }
            guard now < deadline else { throw DragonflyError.timeout("nobody reads from \(path)") }
        }
    }

    /// Returns early after each wait for room.
    private func writeSome(_ chunk: ByteChunk, from start: Int) throws(OutputError) -> Int {
        try chunk.withUnsafeBytes { bytes throws(OutputError) in
            var rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            while !rest.isEmpty {
                let (count, code) = withoutPipeSignal {
                    let count = Self.write(descriptor, rest)
                    return (count, count < 0 ? errno : 0)
                }
                switch code {
                case 0: rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                case EINTR: continue
                case EAGAIN:
                    waitForRoom()
                    return bytes.count - start - rest.count
                default: throw OutputError("write", path, code)
                }
            }
            return bytes.count - start
        }
    }

    private static func open(_ path: String, _ flags: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, flags)
        #else
            Darwin.open(path, flags)
        #endif
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private func waitForRoom() {
        var interest = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&interest, 1, Self.step)
    }
}

/// A closed reader fails the call instead of killing the process by SIGPIPE.
private func withoutPipeSignal<Result>(_ body: () -> Result) -> Result {
    var (pipe, before, pending) = (sigset_t(), sigset_t(), sigset_t())
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    let result = body()
    // Raised by `body` alone: this thread had it blocked for that long only, or its owner doesn't want it either.
    sigpending(&pending)
    if sigismember(&pending, SIGPIPE) == 1, sigismember(&before, SIGPIPE) == 0 {
        var number: Int32 = 0
        sigwait(&pipe, &number)
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
}

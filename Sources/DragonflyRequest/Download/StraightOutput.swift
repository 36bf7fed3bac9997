#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An output that is written from its beginning to its end and never replaced: a device, a FIFO, an open descriptor. All calls
/// block, a FIFO's opening until it has a reader.
final class StraightOutput: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Parameter path: for messages, and to be opened when no descriptor is given.
    init(_ path: String, descriptor: Int32? = nil) throws(OutputError) {
        self.path = path
        if let descriptor {
            self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        } else {
            // Of a file that has lost its name nothing may be left.
            self.descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_TRUNC)
        }
        guard self.descriptor >= 0 else { throw OutputError("open", path) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
        var rest = bytes
        while !rest.isEmpty {
            let (count, code) = withoutPipeSignal {
                let count = Self.write(descriptor, rest)
                return (count, count < 0 ? errno : 0)
            }
            switch code {
            case 0: rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            case EINTR: continue
            case EAGAIN: waitUntilWritable()
            default: throw OutputError("write", path, code)
            }
        }
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    /// A descriptor that another program made non-blocking.
    private func waitUntilWritable() {
        var interest = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&interest, 1, -1)
    }
}

/// A reader that has left is an error of the call, not the end of the process.
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

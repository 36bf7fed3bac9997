import CPosixIO
import Dispatch
import Glibc
import Synchronization

/// A thread of our own, for calls that wait.
final class DriverThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let ended = DispatchSemaphore(value: 0)
    private let identity = Atomic<UInt>(0)

    /// Starts at once.
    init(_ run: @escaping @Sendable () -> Void) {
        let (ended, start) = (ended, DispatchSemaphore(value: 0))
        let body = Body {
            start.wait()
            run()
            ended.signal()
        }
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, Self.main, Unmanaged.passRetained(body).toOpaque())
        guard code == 0 else { fatalError("no driver thread: \(String(cString: strerror(code)))") }
        pthread_detach(thread)
        identity.store(thread, ordering: .releasing)
        start.signal()  // from here on the thread knows itself
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        posix_io_name_thread("origin-driver")
        // curl without signals may let a broken connection raise SIGPIPE; on this thread it never arrives.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
        // Not nil: it is what pthread_create was given above.
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
    }

    var isCurrent: Bool { identity.load(ordering: .acquiring) == pthread_self() }

    /// Waits until the thread has run to its end; at once if called on it, for it could wait forever.
    func join() {
        guard !isCurrent else { return }
        ended.wait()
        ended.signal()  // for whoever else waits
    }
}

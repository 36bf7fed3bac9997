import CPosixIO
import Glibc

/// A thread of our own, with a name, that can be joined.
package final class PlatformThread: Sendable {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(_ name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let thread: Lock<pthread_t?>

    package init(name: String, _ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(name, run)).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { body in
                // The reference taken above belongs to this thread from here on.
                guard let body else { return nil }
                let work = Unmanaged<Body>.fromOpaque(body).takeRetainedValue()
                posix_io_name_thread(work.name)
                work.run()
                return nil
            }, body)
        precondition(code == 0, "the system gives no thread: \(code)")
        self.thread = Lock(thread)
    }

    /// A thread that was not joined is detached.
    deinit {
        if let thread = thread.withLock({ $0.take() }) { pthread_detach(thread) }
    }

    /// Waits for the thread to end. The second call returns at once; so does one from the thread itself, which can't wait
    /// for its own end.
    package func join() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
    }
}

import Dispatch
package import Logging
import Synchronization

/// The origin over HTTP: libcurl on one driver thread, all transfers sharing connections, names and TLS sessions.
package final class CurlOrigin: OriginSource {
    private let mailbox: DriverMailbox
    private let thread: DriverThread
    private let lastID = Atomic<UInt64>(0)

    package init(configuration: OriginConfiguration, logger: Logger) {
        let multi = MultiHandle(idleConnections: configuration.idleConnections)
        let mailbox = DriverMailbox(waking: multi)
        self.mailbox = mailbox
        thread = DriverThread {
            DriverLoop(configuration: configuration, multi: multi, mailbox: mailbox, logger: logger).run()
        }
    }

    deinit { shutdown() }

    package func start(_ request: OriginRequest, into sink: any OriginSink) -> any OriginTransfer {
        let id = lastID.add(1, ordering: .relaxed).newValue
        if !mailbox.post(.start(id, request, sink)) {
            // The driver is gone, and the caller must not be called back from inside its own call.
            DispatchQueue.global().async { sink.end(.cancelled) }
        }
        return Transfer(id: id, mailbox: mailbox)
    }

    /// Called from a sink it does not wait, since the sink's call is on the thread that would be waited for.
    package func shutdown() {
        mailbox.post(.shutdown)
        thread.join()
    }

    private struct Transfer: OriginTransfer {
        let id: UInt64
        let mailbox: DriverMailbox

        func resume() { mailbox.post(.resume(id)) }
        func raise(to priority: OriginPriority) { mailbox.post(.raise(id, priority)) }
        func cancel() { mailbox.post(.cancel(id)) }
    }
}

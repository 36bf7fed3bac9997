import Dispatch
package import EventLoops
import Glibc

/// Sends every outgoing HTTP request, by libcurl on an event loop of its own; they share connections, names and TLS
/// sessions.
package final class TransferDriver: Sendable {
    package let loop: EventLoop
    package let counts = TransferCounts()
    private let core: LoopState<DriverCore>

    /// Starts the loop's thread.
    /// - Parameters:
    ///   - dialPolicy: asked before each dial, unless a proxy dials; nil permits everything.
    ///   - name: of the thread.
    package init(
        _ settings: TransferSettings = TransferSettings(), dialPolicy: (any DialPolicy)? = nil,
        name: String = "transfers"
    ) {
        let loop = EventLoop(name: name)
        self.loop = loop
        core = LoopState(on: loop) { [counts] in
            Self.blockBrokenPipeSignal()
            return DriverCore(on: loop, settings, counts, dialPolicy: dialPolicy)
        }
    }

    deinit { shutdown() }

    /// On the loop only. The delegate is called from the next turn on, and kept until its `transferEnded`, or until the
    /// transfer is cancelled.
    package func begin(_ request: TransferRequest, _ delegate: any TransferDelegate) -> Transfer {
        guard let core = core.value else { return .over(request, delegate, on: loop) }
        return core.begin(request, delegate)
    }

    /// Closes the connections that wait for reuse, and from now on each one at the end of its transfer.
    package func closeIdleConnections() {
        core.post { $0.closeIdleConnections() }
    }

    /// Ends every transfer as `cancelled`, and waits until the loop's thread has ended; not if it is called on it, for it
    /// would wait for itself. Idempotent.
    package func shutdown() {
        core.post { $0.close() }
        loop.post { [core] in core.drop() }
        if loop.isCurrent {
            DispatchQueue.global().async { [loop] in loop.stop() }
        } else {
            loop.stop()
        }
    }

    /// On the loop only: how often curl was called because of a socket or its timer. For tests of what waits.
    package var wakeUps: Int { core.value?.wakeUps ?? 0 }

    /// On the loop only: how many sockets curl has open.
    package var openConnections: Int { core.value?.pool.count ?? 0 }

    /// curl without signals may let a broken connection raise SIGPIPE; on this thread it never arrives.
    private static func blockBrokenPipeSignal() {
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
    }
}

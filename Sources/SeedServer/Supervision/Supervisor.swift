import EventLoops
import Glibc
package import SeedSupport

/// Holds the listening sockets and runs a server on them, a new one when it crashes. Meanwhile clients wait in the backlog.
package struct Supervisor {
    private let configuration: SeedPeerConfiguration
    private let arguments: [String]
    private let logger: Logger

    /// - Parameter arguments: of this program, its name included; the server is given the same.
    package init(configuration: SeedPeerConfiguration, arguments: [String], logger: Logger) {
        self.configuration = configuration
        self.arguments = arguments
        self.logger = logger
    }

    /// Returns when the server has exited by itself or was stopped. Blocks the calling thread.
    /// - Returns: the server's exit code; 128 and the number of a signal if that ended it while it was stopping.
    /// - Throws: `SeedPeerError`, when a port can't be listened on.
    package func run() throws -> Int32 {
        // The writing end stays open until this process ends.
        let sockets = try ListeningSockets(opening: configuration, pipe: try System.pipe().reading)
        let loop = EventLoop(name: "supervisor")
        defer { loop.stop() }
        let events = ProcessEvents(watching: [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD], on: loop)
        defer { events.stop() }
        var run = Run(arguments: arguments, sockets: sockets, logger: logger)
        run.start()
        while true {
            if let code = run.handle(events.next(until: run.nextStart)) { return code }
        }
    }
}

/// A supervisor at work.
private struct Run {
    let arguments: [String]
    let sockets: ListeningSockets
    let logger: Logger
    private var supervision = Supervision()
    private var server: ServerProcess?
    /// When a new server is started, while there is none.
    private(set) var nextStart: MonotonicTime?

    init(arguments: [String], sockets: ListeningSockets, logger: Logger) {
        self.arguments = arguments
        self.sockets = sockets
        self.logger = logger
    }

    mutating func start() {
        nextStart = nil
        do throws(Errno) {
            let server = try ServerProcess(arguments, sockets)
            self.server = server
            logger.notice("the server is process \(server.identifier)")
        } catch {
            logger.error("no process can be started: \(error)")
            serverEnded(.killed(SIGABRT), after: .zero)
        }
    }

    /// - Parameter event: nil when it is time for a new server.
    /// - Returns: the exit code, at the end.
    mutating func handle(_ event: ProcessEvents.Event?) -> Int32? {
        switch event {
        case nil: start()
        case .signal(SIGCHLD):
            guard let server, let end = server.end() else { break }
            self.server = nil
            return serverEnded(end, after: .now() - server.began)
        case .signal(let signal): return pass(signal)
        case .drained: break
        }
        return nil
    }

    /// Forwards a signal to the server. One that stops the server closes the sockets, too.
    private mutating func pass(_ signal: Int32) -> Int32? {
        if signal != SIGHUP, !supervision.isStopping {
            supervision.isStopping = true
            sockets.close()
        }
        server?.send(signal)
        return server == nil && supervision.isStopping ? 0 : nil
    }

    @discardableResult
    private mutating func serverEnded(_ end: Supervision.End, after lifetime: Duration) -> Int32? {
        switch supervision.serverEnded(end, after: lifetime) {
        case .end(let code): return code
        case .start(let pause):
            logger.error("the server was \(end); a new one starts after \(HumanDuration.show(pause))")
            nextStart = .now() + pause
            return nil
        }
    }
}

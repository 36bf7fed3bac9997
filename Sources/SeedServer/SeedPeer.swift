import EventLoops
import Glibc
import HTTPServer
import SeedProxy
package import SeedSupport

/// A whole seed peer: opens its parts as the configuration says, serves until SIGTERM or SIGINT, and closes them again.
package struct SeedPeer: Sendable {
    package static let version = "0.1.0"

    private let configuration: SeedPeerConfiguration
    private let sockets: ListeningSockets
    private let logger: Logger

    /// - Parameter sockets: what a supervisor has opened.
    package init(
        configuration: SeedPeerConfiguration, sockets: ListeningSockets = ListeningSockets(), logger: Logger
    ) {
        self.configuration = configuration
        self.sockets = sockets
        self.logger = logger
    }

    /// Serves; returns when a signal has ended it and everything is written. Blocks the calling thread.
    /// - Throws: `SeedPeerError`, or a part's own error, in words for the person who must act.
    package func run() throws {
        prepareProcess()
        try serve()
        logger.info("stopped")
    }

    /// Opens the parts from the store up, and closes them in reverse order, even if one could not be opened. Signals
    /// are watched first, because a large store takes time to open and close.
    private func serve() throws {
        let control = EventLoop(name: "control", tickInterval: Watchdog.interval)
        defer { control.stop() }
        let events = ProcessEvents(watching: [SIGTERM, SIGINT, SIGHUP], on: control)
        defer { events.stop() }
        sockets.pipe.map { events.watchPipe($0) }
        let configuration = configuration.onThisMachine()
        let metrics = MetricsRegistry(prefix: "seed_peer_")
        let components = try Components.open(configuration, metrics: metrics, logger: logger)
        defer { components.close() }
        let loops = EventLoopGroup(name: "client", tickInterval: configuration.tickInterval)
        defer { loops.stop() }
        guard !hasToStop(events) else { return }
        let ports = try Ports.open(
            configuration, components: components, loops: loops.loops, control: control, sockets: sockets,
            metrics: metrics, logger: logger)
        defer { ports.close() }
        logger.info("\(ports.readyLine)")
        let reload = BlockListReload(path: configuration.blockListFile, proxy: ports.proxy, logger: logger)
        waitForStop(events, reload)
        let isUrgent = leave(ports, events, reload)
        drain(ports, events, within: isUrgent ? .zero : configuration.shutdownTimeout)
    }

    /// Whether a stop signal is pending. A pending SIGHUP needs no action: the block list is read next anyway.
    private func hasToStop(_ events: ProcessEvents) -> Bool {
        while let event = events.next(until: .now()) {
            if event != .signal(SIGHUP) { return true }
        }
        return false
    }

    /// Returns when a signal asks for the end.
    private func waitForStop(_ events: ProcessEvents, _ reload: BlockListReload) {
        while events.next() == .signal(SIGHUP) { reload.run() }
    }

    /// Serves on until load balancers, DNS and rings know that this seed peer leaves (rule:leave-before-closing).
    /// - Returns: true when a second signal ended that.
    private func leave(_ ports: Ports, _ events: ProcessEvents, _ reload: BlockListReload) -> Bool {
        ports.leave()
        let delay = configuration.drainDelay
        logger.info("leaving: health answers 503, requests are served for \(HumanDuration.show(delay)) more")
        let end = MonotonicTime.now() + delay
        while let event = events.next(until: end) {
            guard event == .signal(SIGHUP) else { return true }
            reload.run()
        }
        return false
    }

    /// The data port closes and finishes its requests. A further signal cuts them. The small ports stay open to the end.
    private func drain(_ ports: Ports, _ events: ProcessEvents, within limit: Duration) {
        logger.info("closing the data port: running responses have \(HumanDuration.show(limit))")
        ports.proxy.drain(within: limit) { events.post(.drained($0)) }
        while true {
            switch events.next() {
            case .drained(let outcome):
                return logger.info(
                    "the data port is closed: \(outcome.finished) responses finished, \(outcome.cut) cut")
            case .signal(SIGHUP): continue
            case .signal: ports.proxy.drain(within: .zero) { _ in }
            }
        }
    }

    /// Ignores SIGPIPE (a peer closes early) and SIGXFSZ (a file grows beyond its limit), and raises the descriptor
    /// limit: every client and content file needs one.
    private func prepareProcess() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.warning("the limit of open files cannot be raised to \(limit.rlim_max)")
        }
    }
}

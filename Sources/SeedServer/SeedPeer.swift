import Glibc
package import Logging
import NIOPosix
import SeedOrigin
import ServiceLifecycle
import UnixSignals

/// A whole seed peer: builds the rooms from the configuration, serves until SIGTERM or SIGINT, and takes them down again.
package struct SeedPeer: Sendable {
    package static let version = "0.1.0"

    private let configuration: SeedPeerConfiguration
    private let logger: Logger

    package init(configuration: SeedPeerConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Serves; returns when a signal has ended it and everything is written.
    /// - Throws: `SeedPeerError`, or a room's own error, in words for the person who must act.
    package func run() async throws {
        Self.prepareProcess(logger)
        let rooms = try await Self.blocking { try Rooms.open(configuration, logger: logger) }
        do {
            try await serve(rooms)
        } catch {
            try await Self.blocking { rooms.close() }
            throw error
        }
        try await Self.blocking { rooms.close() }
        logger.info("stopped")
    }

    /// Services start together and stop in reverse: the health port goes first, so that nobody sends us new clients
    /// while the proxy finishes with the present ones.
    private func serve(_ rooms: Rooms) async throws {
        let blockList = try configuration.proxy.blockList.map(BlockListFile.init)
        let proxy = try await ProxyService.start(configuration, rooms: rooms, blockList: blockList, logger: logger)
        let board = ReadyBoard(
            expecting: ["proxy", "health", "metrics", "admin"], own: rooms.addressGuard.own, logger: logger)
        board.bound("proxy", at: proxy.address)
        let metrics = MetricsReport(proxy: proxy.metrics, rooms: rooms)
        var group = ServiceGroupConfiguration(
            services: [
                proxy,
                proxy.reloading(blockList),
                HTTPService.admin(
                    configuration.admin, api: AdminAPI(store: rooms.store), board: board, logger: logger),
                HTTPService.metrics(configuration.metrics, report: metrics, board: board, logger: logger),
                HTTPService.health(configuration.health, board: board, logger: logger),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = configuration.shutdown.timeout + .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }

    /// Opening and closing the rooms waits for the disk, which the threads of Swift's tasks must not do.
    private static func blocking<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive(work)
    }

    /// A peer that closes early must not end us by SIGPIPE, and every client and content file costs a descriptor.
    private static func prepareProcess(_ logger: Logger) {
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.warning("the limit of open files cannot be raised to \(limit.rlim_max)")
        }
    }
}

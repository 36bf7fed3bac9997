import Logging
import NIOCore
import NIOPosix
import SeedProxy
import ServiceLifecycle
import UnixSignals

/// The front door as a service: open from `start` on, closed gracefully when the group stops.
struct ProxyService: Service {
    private let server: ProxyServer
    private let timeout: Duration
    private let logger: Logger

    var address: SocketAddress { server.address }
    var metrics: ProxyMetrics { server.metrics }

    static func start(
        _ configuration: SeedPeerConfiguration, rooms: Rooms, blockList: BlockListFile?, logger: Logger
    ) async throws -> ProxyService {
        var settings = configuration.forProxy
        settings.blockList = blockList?.list ?? BlockList()
        let server = try await ProxyServer.start(
            settings, engine: rooms.engine, addressGuard: rooms.addressGuard, logger: logger)
        return ProxyService(server: server, timeout: configuration.shutdown.timeout, logger: logger)
    }

    func run() async throws {
        // Cancelled, which is what its error says, means that another service failed: nothing is worth waiting for.
        let isGraceful = (try? await gracefulShutdown()) != nil
        await server.shutdown(within: isGraceful ? timeout : .zero)
    }

    /// Reads the block list again whenever SIGHUP comes.
    func reloading(_ file: BlockListFile?) -> BlockListReload {
        BlockListReload(path: file?.path, server: server, logger: logger)
    }
}

/// SIGHUP: the block list is read again. One that is wrong is reported, and the present one stays in force. Without a
/// file the signal does nothing: it must not end us.
struct BlockListReload: Service {
    let path: String?
    let server: ProxyServer
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            guard let path else { continue }
            await reload(path)
        }
    }

    private func reload(_ path: String) async {
        do {
            let list = try await NIOThreadPool.singleton.runIfActive { try BlockListFile.read(path) }
            try await server.replaceBlockList(list)
            logger.info("the block list was read again from \(path)")
        } catch {
            logger.error("the block list stays as it was: \(error)")
        }
    }
}

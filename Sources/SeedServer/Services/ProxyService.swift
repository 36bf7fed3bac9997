import Logging
import NIOCore
import SeedProxy
import ServiceLifecycle

/// The front door as a service: open from `start` on, closed gracefully when the group stops.
struct ProxyService: Service {
    private let server: ProxyServer
    private let timeout: Duration

    var address: SocketAddress { server.address }
    var metrics: ProxyMetrics { server.metrics }

    static func start(
        _ configuration: SeedPeerConfiguration, rooms: Rooms, logger: Logger
    ) async throws -> ProxyService {
        let server = try await ProxyServer.start(
            configuration.forProxy, engine: rooms.engine, addressGuard: configuration.addressGuard, logger: logger)
        return ProxyService(server: server, timeout: configuration.shutdown.timeout)
    }

    func run() async throws {
        // Cancelled, which is what its error says, means that another service failed: nothing is worth waiting for.
        let isGraceful = (try? await gracefulShutdown()) != nil
        await server.shutdown(within: isGraceful ? timeout : .zero)
    }
}

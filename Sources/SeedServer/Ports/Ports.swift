import EventLoops
import HTTPServer
import SeedOrigin
import SeedProxy
import SeedStorage
import SeedSupport

/// The four ports: for data, and beside it health, metrics and admin. These three have a loop of their own, so that
/// they respond even if the others hang.
struct Ports: Sendable {
    let proxy: ProxyServer
    private let healthRoutes: HealthRoutes
    let health: Server
    let metrics: Server
    let admin: Server

    /// Opens all, health last, so that the others are open once it responds.
    /// - Parameters:
    ///   - loops: of the data port.
    ///   - control: of the others.
    ///   - sockets: what a supervisor has opened.
    ///   - now: the clock by which the health port detects hangs.
    static func open(
        _ configuration: SeedPeerConfiguration, components: Components, loops: [EventLoop],
        control: EventLoop, sockets: ListeningSockets, metrics: MetricsRegistry, logger: Logger,
        now: @escaping @Sendable () -> MonotonicTime = { .now() }
    ) throws -> Ports {
        var settings = configuration.proxy
        settings.server.inheritedSocket = sockets[.proxy]
        settings.blockList = try configuration.blockListFile.map(BlockListFile.read) ?? settings.blockList
        let proxy = try ProxyServer.start(
            settings, loops: loops, engine: components.engine, gateway: components.origin, logger: logger,
            metrics: metrics)
        var opened: [Server] = []
        var health = HealthRoutes(loops: loops + [components.origin.loop], store: components.store)
        health.now = now
        do {
            let admin = AdminRoutes(store: components.store)
            opened.append(
                try SmallPort.open("admin", configuration.admin, admin.table, inherited: sockets[.admin], on: control))
            let report = MetricsRoutes(registry: metrics, threads: components.store.threads)
            opened.append(
                try SmallPort.open(
                    "metrics", configuration.metrics, report.table, inherited: sockets[.metrics], on: control))
            control.post { [health] in _ = control.addTick { health.ask($0) } }
            opened.append(
                try SmallPort.open(
                    "health", configuration.health, health.table, inherited: sockets[.health], on: control))
        } catch {
            for server in opened { server.drain(within: .zero) { _ in } }
            proxy.drain(within: .zero) { _ in }
            throw error
        }
        // No origin request is sent to any of them.
        for address in opened.flatMap(\.addresses) { components.origin.own.add(address) }
        return Ports(
            proxy: proxy, healthRoutes: health, health: opened[2], metrics: opened[1], admin: opened[0])
    }

    private var addresses: [(name: String, address: SocketAddress)] {
        [("proxy", proxy.address)]
            + [("health", health), ("metrics", metrics), ("admin", admin)].flatMap { name, server in
                server.addresses.map { (name, $0) }
            }
    }

    /// Names every port with its real address.
    var readyLine: String {
        "ready " + addresses.map { "\($0.name)=\($0.address)" }.joined(separator: " ")
    }
}

extension Ports {
    /// Serves on, while health answers 503 and each response of the data port says `Connection: close`.
    func leave() {
        healthRoutes.leave()
        proxy.leave()
    }

    /// Cuts what is left and waits until nothing is served any more.
    func close() {
        let left = Monitor(4)
        let step: @Sendable (DrainOutcome) -> Void = { _ in left.signal { $0 -= 1 } }
        proxy.drain(within: .zero, then: step)
        for server in [health, metrics, admin] { server.drain(within: .zero, then: step) }
        left.wait { $0 == 0 ? .go(()) : .wait(until: nil) }
    }
}

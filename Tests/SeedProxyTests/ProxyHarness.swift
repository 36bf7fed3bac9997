import EventLoops
import Foundation
import SeedEngine
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport

@testable import SeedProxy

/// A whole proxy on loopback: real sockets, real engine, real store, real gateway for what goes straight through; only
/// the origin behind the cache is played by the test.
struct ProxyHarness {
    /// What a test may want otherwise than it is by default.
    struct Settings {
        /// Addresses that may be dialled.
        var allowed = ["127.0.0.0/8"]
        var logger = Logger.quiet
        var limits = EngineConfiguration()
        var loops = 2
        var proxy: (inout ProxyConfiguration) -> Void = { _ in }
        var origins: (inout OriginConfiguration) -> Void = { _ in }
    }

    let server: ProxyServer
    let origin = FakeOrigin()
    private let isPlayed = Note<Bool>()
    private let loops: EventLoopGroup
    private let store: PieceStore
    private let engine: TaskEngine
    private let gateway: OriginGateway
    private let directory: TemporaryDirectory

    /// Everything goes through the cache unless `settings` say otherwise.
    init(_ settings: Settings = Settings()) throws {
        directory = try TemporaryDirectory()
        store = try PieceStore.open(.small(in: directory), logger: settings.logger)
        var limits = settings.limits
        limits.cacheCapacity = limits.cacheCapacity ?? 0
        engine = TaskEngine(
            store: store, origin: origin, configuration: limits, logger: settings.logger,
            metrics: MetricsRegistry(prefix: ""))
        loops = EventLoopGroup(count: settings.loops, name: "proxy", tickInterval: .milliseconds(10))
        var origins = OriginConfiguration()
        origins.allowedAddresses = settings.allowed.compactMap { CIDR($0) }
        settings.origins(&origins)
        gateway = OriginGateway(configuration: origins, logger: settings.logger)
        var configuration = ProxyConfiguration.onLoopback
        configuration.rules = [ProxyRule()]
        configuration.serverIP = "192.0.2.7"
        settings.proxy(&configuration)
        do {
            server = try ProxyServer.start(
                configuration, loops: loops.loops, engine: engine, gateway: gateway, logger: settings.logger)
        } catch {
            loops.stop()
            engine.shutdown()
            gateway.shutdown()
            store.close()
            throw error
        }
    }

    var port: Int { Int(server.address.port) }

    func client(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBuffer: receiveBuffer)
    }

    /// Plays the origin's part for every transfer that nobody has taken, each on a thread of its own, until none comes
    /// for longer than the engine pauses between two tries.
    func play(_ part: @escaping @Sendable (FakeTransfer) -> Void) {
        isPlayed.write(true)
        Thread.detachNewThread { [origin] in
            while let transfer = origin.next(within: 30) {
                Thread.detachNewThread { part(transfer) }
            }
        }
    }

    /// Answers every request out of `object`.
    func serve(_ object: TestObject) {
        play { object.respond($0) }
    }

    /// Must be called in the end: the store's directory goes only after everything that uses it.
    func close() async {
        await server.shutdown(within: .seconds(5))
        loops.stop()
        if isPlayed.read(within: 0) == nil {
            for transfer in origin.transfers where transfer.outcome == nil { transfer.end(.cancelled) }
        }
        engine.shutdown()
        gateway.shutdown()
        store.close()
        // Or the thread that plays the origin would wait on.
        origin.shutdown()
    }
}

extension StorageConfiguration {
    /// A store that doesn't read itself through while a test looks at it.
    static func small(in directory: TemporaryDirectory) -> StorageConfiguration {
        var configuration = StorageConfiguration()
        configuration.directory = directory.path("store")
        configuration.indexMapSize = 1 << 30
        configuration.scrubRate = 0
        return configuration
    }
}

extension ProxyConfiguration {
    /// Any free port of loopback, and no registry that would be asked outside.
    static var onLoopback: ProxyConfiguration {
        var configuration = ProxyConfiguration()
        configuration.address = SocketAddress(.loopback, port: 0)
        configuration.registryMirror = nil
        return configuration
    }
}

/// Runs a test in a harness, on threads of its own, and closes it whatever happens.
func withHarness(
    allowing allowed: [String] = ["127.0.0.0/8"], logger: Logger = .quiet,
    limits: EngineConfiguration = EngineConfiguration(), loops: Int = 2,
    configure: @escaping (inout ProxyConfiguration) -> Void = { _ in },
    origins: @escaping (inout OriginConfiguration) -> Void = { _ in },
    _ body: (ProxyHarness) async throws -> Void
) async throws {
    try await withTaskExecutorPreference(OwnThreads()) {
        let harness = try ProxyHarness(
            ProxyHarness.Settings(
                allowed: allowed, logger: logger, limits: limits, loops: loops, proxy: configure, origins: origins))
        do {
            try await body(harness)
        } catch {
            await harness.close()
            throw error
        }
        await harness.close()
    }
}

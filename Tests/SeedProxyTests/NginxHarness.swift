import EventLoops
import Foundation
import SeedEngine
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport

@testable import SeedProxy

/// A proxy with everything real behind it: store, engine, curl, and nginx as the origin of one directory.
struct NginxHarness {
    let server: ProxyServer
    let nginx: Nginx
    let directory: TemporaryDirectory
    private let store: PieceStore
    private let engine: TaskEngine
    private let origin: OriginGateway
    private let loops: EventLoopGroup

    init(location: String, allowing blocks: [String]) throws {
        let logger = Logger.quiet
        directory = try TemporaryDirectory()
        let files = directory.path("files")
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        nginx = try Nginx(serving: files, location: location)
        store = try PieceStore.open(.small(in: directory), logger: logger)
        var settings = OriginConfiguration()
        settings.allowedAddresses = blocks.compactMap { CIDR($0) }
        origin = OriginGateway(configuration: settings, logger: logger)
        var limits = EngineConfiguration()
        limits.cacheCapacity = 0
        engine = TaskEngine(
            store: store, origin: origin, configuration: limits, logger: logger, metrics: MetricsRegistry(prefix: ""))
        loops = EventLoopGroup(count: 2, name: "proxy", tickInterval: .milliseconds(10))
        var configuration = ProxyConfiguration.onLoopback
        configuration.rules = [ProxyRule()]
        do {
            server = try ProxyServer.start(
                configuration, loops: loops.loops, engine: engine, gateway: origin, logger: logger)
        } catch {
            loops.stop()
            engine.shutdown()
            origin.shutdown()
            store.close()
            throw error
        }
    }

    func client() throws -> RawClient { try RawClient(port: Int(server.address.port)) }

    /// Puts a file where nginx finds it, with a date long past, so that it is a strong validator.
    func write(_ bytes: [UInt8], to name: String) throws {
        let path = directory.path("files/\(name)")
        try Data(bytes).write(to: URL(filePath: path))
        let date = Date(timeIntervalSince1970: 784_111_777)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }

    func close() async {
        await server.shutdown(within: .seconds(5))
        loops.stop()
        engine.shutdown()
        origin.shutdown()
        store.close()
        nginx.stop()
    }
}

/// Runs a test in a real harness, on threads of its own, and closes it whatever happens.
func withNginxHarness(
    location: String = "", allowing blocks: [String] = ["127.0.0.0/8"], _ body: (NginxHarness) async throws -> Void
) async throws {
    try await withTaskExecutorPreference(OwnThreads()) {
        let harness = try NginxHarness(location: location, allowing: blocks)
        do {
            try await body(harness)
        } catch {
            await harness.close()
            throw error
        }
        await harness.close()
    }
}

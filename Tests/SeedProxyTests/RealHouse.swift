import Foundation
import Logging
import NIOCore
import SeedEngine
import SeedOrigin
import SeedStorage
import SeedTestSupport

@testable import SeedProxy

/// A front door with everything real behind it: store, engine, curl, and nginx as the origin of one directory.
struct RealHouse {
    let server: ProxyServer
    let nginx: Nginx
    let directory: TemporaryDirectory
    private let store: PieceStore
    private let engine: TaskEngine
    private let origin: CurlOrigin

    init(location: String, allowing blocks: [String]) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        directory = try TemporaryDirectory()
        let files = directory.path("files")
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        nginx = try Nginx(serving: files, location: location)
        store = try PieceStore.open(
            StorageConfiguration(directory: directory.path("store"), indexMapSize: 1 << 30), logger: logger)
        let allowed = AddressGuard(allow: blocks.compactMap { CIDR($0) })
        var settings = OriginConfiguration()
        settings.addressGuard = allowed
        origin = CurlOrigin(configuration: settings, logger: logger)
        engine = TaskEngine(store: store, origin: origin, logger: logger)
        var configuration = ProxyConfiguration()
        configuration.host = "127.0.0.1"
        configuration.port = 0
        configuration.rules = [ProxyRule()]
        do {
            server = try await ProxyServer.start(configuration, engine: engine, addressGuard: allowed, logger: logger)
        } catch {
            engine.shutdown()
            origin.shutdown()
            store.close()
            throw error
        }
    }

    func client() throws -> RawClient { try RawClient(port: server.address.port ?? 0) }

    /// Puts a file where nginx finds it, with a date long past, so that it is a strong validator.
    func write(_ bytes: [UInt8], to name: String) throws {
        let path = directory.path("files/\(name)")
        try Data(bytes).write(to: URL(filePath: path))
        let date = Date(timeIntervalSince1970: 784_111_777)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }

    func close() async {
        await server.shutdown(within: .seconds(5))
        engine.shutdown()
        origin.shutdown()
        store.close()
        nginx.stop()
    }
}

/// Runs a test in a real house, on threads of its own, and closes it whatever happens.
func withRealHouse(
    location: String = "", allowing blocks: [String] = ["127.0.0.0/8"], _ body: (RealHouse) async throws -> Void
) async throws {
    try await withTaskExecutorPreference(OwnThreads()) {
        let house = try await RealHouse(location: location, allowing: blocks)
        do {
            try await body(house)
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }
}

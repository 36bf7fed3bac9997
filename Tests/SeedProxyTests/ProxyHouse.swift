import DragonflyIdentity
import Foundation
import HTTPTypes
import Logging
import NIOCore
import SeedEngine
import SeedOrigin
import SeedStorage
import SeedTestSupport

@testable import SeedProxy

/// A whole front door on loopback: real sockets, real engine, real store; only the origin is played by the test.
struct ProxyHouse {
    let server: ProxyServer
    let origin = FakeOrigin()
    private let isPlayed = Note<Bool>()
    private let store: PieceStore
    private let engine: TaskEngine
    private let directory: TemporaryDirectory

    /// Everything goes through the cache unless `configure` says otherwise, and loopback may be dialled.
    init(
        allowing allowed: [String] = ["127.0.0.0/8"],
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        limits: EngineConfiguration = EngineConfiguration(),
        configure: (inout ProxyConfiguration) -> Void = { _ in }
    ) async throws {
        directory = try TemporaryDirectory()
        store = try PieceStore.open(
            StorageConfiguration(directory: directory.path("store"), indexMapSize: 1 << 30), logger: logger)
        engine = TaskEngine(store: store, origin: origin, configuration: limits, logger: logger)
        var configuration = ProxyConfiguration()
        configuration.host = "127.0.0.1"
        configuration.port = 0
        configuration.rules = [ProxyRule()]
        configuration.serverIP = "192.0.2.7"
        configure(&configuration)
        do {
            server = try await ProxyServer.start(
                configuration, engine: engine, addressGuard: AddressGuard(allow: allowed.compactMap { CIDR($0) }),
                logger: logger)
        } catch {
            engine.shutdown()
            store.close()
            throw error
        }
    }

    var port: Int { server.address.port ?? 0 }

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
        play { object.answer($0) }
    }

    /// Must be called in the end: the store's directory goes only after everything that uses it.
    func close() async {
        await server.shutdown(within: .seconds(5))
        if isPlayed.read(within: 0) == nil {
            for transfer in origin.transfers where transfer.outcome == nil { transfer.end(.cancelled) }
        }
        engine.shutdown()
        store.close()
        // Or the thread that plays the origin would wait on.
        origin.shutdown()
    }
}

/// Runs a test in a house, on threads of its own, and closes the house whatever happens.
func withHouse(
    allowing allowed: [String] = ["127.0.0.0/8"],
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    limits: EngineConfiguration = EngineConfiguration(),
    configure: (inout ProxyConfiguration) -> Void = { _ in },
    _ body: (ProxyHouse) async throws -> Void
) async throws {
    try await withTaskExecutorPreference(OwnThreads()) {
        let house = try await ProxyHouse(allowing: allowed, logger: logger, limits: limits, configure: configure)
        do {
            try await body(house)
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }
}

/// An object as an origin has it.
struct TestObject {
    let bytes: [UInt8]
    let etag = "\"one\""
    /// Sent with every answer.
    let extra: HTTPFields

    init(count: Int, extra: HTTPFields = [:]) {
        bytes = Self.noise(count)
        self.extra = extra
    }

    /// The same bytes for the same count.
    static func noise(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
            var state: UInt64 = 88_172_645_463_325_252
            for offset in stride(from: 0, to: count, by: 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                UnsafeMutableRawBufferPointer(buffer).storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
            }
            filled = count
        }
    }

    /// Whether `other` are exactly the object's bytes; quicker than `==` where nothing is optimised.
    func matches(_ other: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { a in
            other.withUnsafeBytes { b in
                guard a.count == b.count, let a = a.baseAddress, let b = b.baseAddress else { return false }
                return memcmp(a, b, bytes.count) == 0
            }
        }
    }

    /// The fields of a 206 for the range that `transfer` asks for.
    func fields(for range: ByteRange) -> HTTPFields {
        var fields: HTTPFields = [
            .eTag: etag, .contentType: "application/x-test", .acceptRanges: "bytes",
            .contentLength: "\(range.count)",
            .contentRange: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)",
        ]
        fields.append(contentsOf: extra)
        return fields
    }

    /// Answers one origin request in full, as a server with ranges does.
    func answer(_ transfer: FakeTransfer) {
        guard let range = range(of: transfer) else {
            transfer.head(416, [.contentRange: "bytes */\(bytes.count)", .contentLength: "0"])
            return transfer.end()
        }
        guard case .accept(let limit) = transfer.head(206, fields(for: range)) else { return transfer.end(.rejected) }
        let count = min(Int(range.count), limit.map { Int($0) } ?? .max)
        let lower = Int(range.lowerBound)
        for start in stride(from: lower, to: lower + count, by: 65_536) {
            guard transfer.deliver(Array(bytes[start..<min(start + 65_536, lower + count)])) else { return }
        }
        transfer.end()
    }

    func range(of transfer: FakeTransfer) -> ByteRange? {
        transfer.request.range?.resolve(length: Int64(bytes.count))
    }
}

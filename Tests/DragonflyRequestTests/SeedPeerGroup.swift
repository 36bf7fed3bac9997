import DragonflyRequest
import Foundation
import SeedTestSupport

/// Three seed peers of this build with their own stores, and one nginx as their origin.
struct SeedPeerGroup: Sendable {
    static let length = 12 << 20

    let directories: [TemporaryDirectory]
    let nginx: Nginx
    let peers: [SeedPeerProcess]
    let seedPeers: [SeedPeer]
    let object: [UInt8]

    init() throws {
        directories = try (0..<4).map { _ in try TemporaryDirectory() }
        let files = directories[3].path
        var generator = SystemRandomNumberGenerator()
        let words = (0..<Self.length / 8).map { _ in generator.next() }
        object = words.withUnsafeBytes { Array($0) }
        for name in ["object", "other"] { try Data(object).write(to: URL(filePath: "\(files)/\(name)")) }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: files)
        nginx = try Nginx(serving: files)
        peers = try directories.prefix(3).map { try SeedPeerProcess(store: $0.path("store"), in: $0) }
        seedPeers = try peers.enumerated().map {
            try SeedPeer(name: "seed-peer-\($0)", host: "127.0.0.1", port: $1.port())
        }
    }

    func stop() {
        peers.forEach { $0.kill() }
        nginx.stop()
    }

    /// At each seed peer.
    func metrics(_ name: String) async throws -> [Int] {
        try await blocking { try peers.map { try $0.metric(name) } }
    }

    func randomRange(upTo longest: Int = 64 << 10) -> Range<Int64> {
        let start = Int.random(in: 0..<Self.length)
        return Int64(start)..<Int64(min(Self.length, start + Int.random(in: 1...longest)))
    }

    func hold(_ range: Range<Int64>, _ bytes: [UInt8]) -> Bool {
        bytes.count == range.count
            && object.withUnsafeBytes { object in
                bytes.withUnsafeBytes {
                    memcmp($0.baseAddress!, object.baseAddress! + Int(range.lowerBound), $0.count) == 0
                }
            }
    }
}

import DragonflyRequest
import Foundation
import SeedTestSupport
import Testing

/// Three seed peers of this build with their own stores, and one nginx as their origin.
private struct SeedPeerGroup: Sendable {
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

@Suite("Three real seed peers and a real nginx", .serialized)
struct SeedPeerGroupTests {
    @Test("All ranges of one object land on its replicas only, and come once from the origin")
    func replicasOnly() async throws {
        let group = try await blocking { try SeedPeerGroup() }
        defer { group.stop() }
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(group.seedPeers), configuration: .init(metrics: counters))
        let url = "\(group.nginx.url)/object"
        let replicas = try client.lookupSeedPeers(GetRequest(url: url)).map(\.name)
        #expect(replicas.count == 2)
        for _ in 0..<300 {
            let range = group.randomRange()
            var bytes: [UInt8] = []
            let head = try await client.get(GetRequest(url: url, range: range), into: &bytes)
            #expect(group.hold(range, bytes))
            #expect(head.taskID == (try GetRequest(url: url).task().id))
        }
        let requests = try await group.metrics("seed_peer_requests_total")
        for (index, count) in requests.enumerated() {
            let isReplica = replicas.contains("seed-peer-\(index)")
            #expect(
                isReplica ? count > 80 : count == 0, "requests at the seed peers: \(requests), replicas \(replicas)")
        }
        let values = counters.values
        #expect(values.hits + values.misses == 300)
        #expect(values.hits == (try await group.metrics("seed_peer_hits_total").reduce(0, +)))
        let sent = try group.nginx.accesses().reduce(0) { $0 + $1.bodyBytesSent }
        #expect(sent <= 2 * (SeedPeerGroup.length + 2 << 20), "each replica fetches a byte at most once")
    }

    @Test("kill -9 of one seed peer in the middle of 1,000 range requests loses none")
    func killed() async throws {
        let group = try await blocking { try SeedPeerGroup() }
        defer { group.stop() }
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(group.seedPeers), configuration: .init(metrics: counters))
        let url = "\(group.nginx.url)/object"
        let victim = try #require(
            try client.lookupSeedPeers(GetRequest(url: url)).first?.name.split(separator: "-").last.flatMap { Int($0) })
        let untilKill = Counter(400)
        let right = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for _ in 0..<10 {
                tasks.addTask {
                    var right = 0
                    for turn in 0..<100 {
                        let range = group.randomRange(upTo: 128 << 10)
                        var bytes: [UInt8] = []
                        // Half of them as streams, which must go on at the byte where they broke.
                        if turn.isMultiple(of: 2) {
                            try await client.get(GetRequest(url: url, range: range), into: &bytes)
                        } else {
                            try await client.get(GetRequest(url: url, range: range)) { bytes += $0 }
                        }
                        right += group.hold(range, bytes) ? 1 : 0
                        if untilKill.takesLast() { group.peers[victim].send(SIGKILL) }
                    }
                    return right
                }
            }
            return try await tasks.reduce(0, +)
        }
        #expect(right == 1000)
        #expect(counters.values.failures > 0, "the kill was noticed")
        try await client.refresh()
        #expect(client.seedPeers.count == 2)
        #expect(!client.seedPeers.map(\.name).contains("seed-peer-\(victim)"))
    }

    @Test("A download by parallel ranges goes on when a seed peer is killed")
    func download() async throws {
        let group = try await blocking { try SeedPeerGroup() }
        defer { group.stop() }
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(group.seedPeers), configuration: .init(retry: RetryPolicy(maxRetries: 3)))
        let request = GetRequest(url: "\(group.nginx.url)/other")
        let victim = try #require(
            try client.lookupSeedPeers(request).first?.name.split(separator: "-").last.flatMap { Int($0) })
        let file = group.directories[0].path("copy")
        let alive = Counter(1)
        try await client.download(request, toFile: file, options: .init(parallel: 4, partSize: 1 << 20)) { progress in
            if progress.received > 4 << 20, alive.takeOne() { group.peers[victim].send(SIGKILL) }
        }
        #expect(try Data(contentsOf: URL(filePath: file)) == Data(group.object))
    }
}

import DragonflyRequest
import Foundation
import SeedTestSupport
import Testing

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
        let replicas = try await client.lookupSeedPeers(GetRequest(url: url)).map(\.name)
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
            try await client.lookupSeedPeers(GetRequest(url: url)).first?.name.split(separator: "-").last.flatMap {
                Int($0)
            })
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
        #expect(await client.seedPeers.count == 2)
        #expect(await !client.seedPeers.map(\.name).contains("seed-peer-\(victim)"))
    }

    @Test("A download by parallel ranges goes on when a seed peer is killed")
    func download() async throws {
        let group = try await blocking { try SeedPeerGroup() }
        defer { group.stop() }
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(group.seedPeers), configuration: .init(retry: RetryPolicy(maxRetries: 3)))
        let request = GetRequest(url: "\(group.nginx.url)/other")
        let victim = try #require(
            try await client.lookupSeedPeers(request).first?.name.split(separator: "-").last.flatMap { Int($0) })
        let file = group.directories[0].path("copy")
        let alive = Counter(1)
        try await client.download(request, toFile: file, options: .init(parallel: 4, partSize: 1 << 20)) { progress in
            if progress.received > 4 << 20, alive.takeOne() { group.peers[victim].send(SIGKILL) }
        }
        #expect(try Data(contentsOf: URL(filePath: file)) == Data(group.object))
    }
}

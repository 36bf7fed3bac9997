import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import DragonflyRequest

@Suite("Seed peers that move, freeze and vanish (rule:seed-peers-in-a-rollout)")
struct RolloutTests {
    private static let object = GetTests.object
    private static let url = "http://o/f"

    private static func good(etag: String = "\"v\"") throws -> FaultyOrigin {
        try FaultyOrigin { $1.serve(object, to: $0, ["ETag: \(etag)"]) }
    }

    private static func peer(_ name: String, _ server: FaultyOrigin) throws -> SeedPeer {
        try SeedPeer(name: name, host: "127.0.0.1", port: Int(server.port))
    }

    private static func peers(_ servers: [FaultyOrigin]) throws -> [SeedPeer] {
        try servers.enumerated().map { try peer("p\($0)", $1) }
    }

    /// An object of which the seed peer is the first replica.
    private static func url(first name: String, of peers: [SeedPeer], replicas: [String] = []) throws -> String {
        let ring = SeedPeerRing(peers.map(\.name))
        let found = (0..<1_000).lazy.map { "\(url)\($0)" }.first { url in
            let names = ring.names(forTaskID: try! GetRequest(url: url).task().id, replicas: max(1, replicas.count))
            return names.first == name && (replicas.isEmpty || Set(names) == Set(replicas))
        }
        return try #require(found)
    }

    @Test(
        "All seed peers have moved: requests look for the new addresses at once, and none fails", arguments: [1, 2, 3])
    func allMoved(replicas: Int) async throws {
        let old = try (0..<3).map { _ in try Self.good() }
        let script = ScriptedDiscovery(try Self.peers(old))
        let client = try await DragonflyClient(discovery: script)
        #expect(await client.seedPeers.count == 3)
        old.forEach { $0.stop() }
        let new = try (0..<3).map { _ in try Self.good() }
        defer { new.forEach { $0.stop() } }
        let moved = try Self.peers(new)
        script.answer.withLock { $0 = moved }
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    var bytes: [UInt8] = []
                    let request = GetRequest(url: "\(Self.url)\(number)", replicas: replicas)
                    try await client.get(request, into: &bytes)
                    #expect(bytes == Self.object)
                }
            }
            try await group.waitForAll()
        }
        let seconds = Int((clock.now - start) / .seconds(1))
        #expect(script.asked.withLock { $0 } <= 3 + seconds, "many failures are few rounds")
        #expect(await Set(client.seedPeers) == Set(moved))
        client.shutdown()
    }

    @Test("A body under way goes on when all seed peers have moved")
    func bodyUnderWay() async throws {
        let half = Self.object.count / 2
        let old = try (0..<2).map { _ in
            try FaultyOrigin { request, connection in
                guard request.target.hasSuffix("/f") else { return _ = connection.respond() }
                connection.head("200 OK", "ETag: \"v\"", "Content-Length: \(Self.object.count)")
                _ = connection.writeBody(Array(Self.object[..<half]))
                connection.stall()
                connection.cut()
            }
        }
        let script = ScriptedDiscovery(try Self.peers(old))
        let client = try await DragonflyClient(discovery: script)
        let response = try await client.get(GetRequest(url: Self.url))
        var (bytes, chunks) = ([UInt8](), response.body.makeAsyncIterator())
        while bytes.count < half, let chunk = try await chunks.next() { bytes += chunk }
        let new = try (0..<2).map { _ in try Self.good() }
        defer { new.forEach { $0.stop() } }
        let moved = try Self.peers(new)
        script.answer.withLock { $0 = moved }
        old.forEach { $0.stop() }
        while let chunk = try await chunks.next() { bytes += chunk }
        #expect(bytes == Self.object)
        client.shutdown()
    }

    @Test("A seed peer that accepts and says nothing costs one request its limit, and no other, until it answers again")
    func silent() async throws {
        let isSilent = Lock(true)
        let silent = try FaultyOrigin { request, connection in
            guard !isSilent.withLock({ $0 }) else { return connection.stall() }
            connection.serve(Self.object, to: request)
        }
        let good = try Self.good()
        defer { [silent, good].forEach { $0.stop() } }
        let peers = try Self.peers([silent, good])
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(peers),
            configuration: .init(firstByteTimeout: .milliseconds(200), metrics: counters))
        let first = GetRequest(url: try Self.url(first: "p0", of: peers), replicas: 1)
        for _ in 0..<5 {
            var bytes: [UInt8] = []
            try await client.get(first, into: &bytes)
            #expect(bytes == Self.object)
        }
        #expect(counters.values.attemptsByEndpoint[peers[0].endpoint] == 1)
        // After the request that it left without a response it was only asked whether it answers.
        #expect(silent.requests.dropFirst().allSatisfy { $0.target == "/" })
        #expect(silent.requests.count >= 2)
        isSilent.withLock { $0 = false }
        silent.release()
        try await client.refresh()
        #expect(try await client.lookupSeedPeers(first) == [peers[0]])
        _ = try await client.get(first)
        #expect(counters.values.attemptsByEndpoint[peers[0].endpoint] == 2)
        client.shutdown()
    }

    @Test("While a silent seed peer answers other requests its origin is slow, and the request waits, in head and body")
    func slowOrigin() async throws {
        // Each time until it was asked, twice, whether it answers.
        let questions = Lock(0)
        let asked = Signal()
        @Sendable func waitForQuestions(_ count: Int) {
            #expect(asked.wait(within: 20) { questions.withLock { $0 >= count ? true : nil } } == true)
        }
        let peer = try FaultyOrigin { request, connection in
            guard request.target != "/" else {
                questions.withLock { $0 += 1 }
                asked.notify()
                return _ = connection.respond("503 Service Unavailable")
            }
            waitForQuestions(2)
            connection.head("200 OK", "Content-Length: \(Self.object.count)")
            _ = connection.writeBody(Array(Self.object[..<100]))
            waitForQuestions(4)
            _ = connection.writeBody(Array(Self.object[100...]))
        }
        defer { peer.stop() }
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(Self.peers([peer])), refresh: RefreshPolicy(healthCheck: .none),
            configuration: .init(firstByteTimeout: .milliseconds(100), metrics: counters))
        var bytes: [UInt8] = []
        try await client.get(GetRequest(url: Self.url), into: &bytes)
        #expect(bytes == Self.object)
        #expect(counters.values.attempts == 1)
        client.shutdown()
    }

    @Test("A seed peer that answers garbage is passed over, also where it is the only replica")
    func garbage() async throws {
        let garbage = try FaultyOrigin { _, connection in
            _ = connection.write("no HTTP\r\n\r\n")
            connection.cut()
        }
        let good = try Self.good()
        defer { [garbage, good].forEach { $0.stop() } }
        let peers = try Self.peers([garbage, good])
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(peers), configuration: .init(metrics: counters))
        let request = GetRequest(url: try Self.url(first: "p0", of: peers), replicas: 1)
        for _ in 0..<3 {
            #expect(try await client.get(request).head.endpoint == peers[1].endpoint)
            try await client.refresh()
        }
        #expect(counters.values.attemptsByEndpoint[peers[0].endpoint] == 1)
        client.shutdown()
    }

    @Test("A request of a seed peer whose packets are dropped waits for its check, and is never sent there")
    func droppedPackets() async throws {
        let full = try FullPort()
        defer { withExtendedLifetime(full) {} }
        let servers = try (0..<3).map { _ in try Self.good() }
        defer { servers.forEach { $0.stop() } }
        let dropped = try SeedPeer(name: "dropped", host: "127.0.0.1", port: Int(full.port))
        let peers = try Self.peers(servers) + [dropped]
        let own = GetRequest(url: try Self.url(first: "dropped", of: peers))
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(peers), configuration: .init(metrics: counters))
        for _ in 0..<20 { _ = try await client.get(own) }
        #expect(await client.seedPeers.count == 3)
        #expect(counters.values.failures == 0)
        #expect(counters.values.attemptsByEndpoint[dropped.endpoint] == nil)
        client.shutdown()
    }

    @Test("When all are gone and discovery still names them, requests fail after a round, however many there are")
    func allGone() async throws {
        let servers = try (0..<3).map { _ in try Self.good() }
        let client = try await DragonflyClient(discovery: FixedDiscovery(Self.peers(servers)))
        #expect(await client.seedPeers.count == 3)
        servers.forEach { $0.stop() }
        let isOver = Lock(false)
        await withTaskGroup(of: Void.self) { group in
            // These fail again and again while the others wait.
            for _ in 0..<3 {
                group.addTask {
                    while !isOver.withLock({ $0 }) { _ = try? await client.get(GetRequest(url: Self.url)) }
                }
            }
            await withTaskGroup(of: Void.self) { waiting in
                for number in 0..<20 {
                    waiting.addTask {
                        await #expect(throws: DragonflyError.self) {
                            try await client.get(GetRequest(url: "\(Self.url)\(number)"))
                        }
                    }
                }
            }
            isOver.withLock { $0 = true }
        }
        client.shutdown()
    }

    @Test("In an outage that is known the origin is asked at once, where that is allowed")
    func fallbackInOutage() async throws {
        let servers = try (0..<3).map { _ in try Self.good() }
        let origin = try Self.good()
        defer { origin.stop() }
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(Self.peers(servers)),
            configuration: .init(fallsBackToOrigin: true, metrics: counters))
        #expect(await client.seedPeers.count == 3)
        servers.forEach { $0.stop() }
        let clock = ContinuousClock()
        let time = try await clock.measure {
            for number in 0..<60 {
                var bytes: [UInt8] = []
                try await client.get(GetRequest(url: "\(origin.url)/f\(number)"), into: &bytes)
                #expect(bytes == Self.object)
            }
        }
        #expect(counters.values.fallbacks == 60)
        // Each would wait for a round of its own otherwise, up to a second.
        #expect(time < .seconds(Patience.seconds(20)))
        client.shutdown()
    }

    @Test("A discovery that does not answer keeps no request waiting for ever")
    func hangingDiscovery() async throws {
        struct Hanging: SeedPeerDiscovery {
            let never = ChangeSignal()

            func seedPeers() async -> [SeedPeer] {
                await never.wait(after: 0)
                return []
            }
        }
        await #expect(throws: DragonflyError.self) { try await Hanging().seedPeers(within: .milliseconds(50)) }
        let peers = try await FixedDiscovery("a=10.0.0.1").seedPeers(within: .seconds(60))
        #expect(peers.map(\.name) == ["a"])
    }

    @Test("A discovery that changes every second, names one twice, and fails at times loses no request")
    func restlessDiscovery() async throws {
        let servers = try (0..<3).map { _ in try Self.good() }
        defer { servers.forEach { $0.stop() } }
        let peers = try Self.peers(servers)
        let script = ScriptedDiscovery(peers)
        let client = try await DragonflyClient(discovery: script, refresh: RefreshPolicy(interval: .seconds(1)))
        let answers: [[SeedPeer]?] = [[peers[0], peers[1], peers[0]], nil, [peers[1], peers[2]], []]
        for (number, answer) in answers.enumerated() {
            script.answer.withLock { $0 = answer }
            while script.asked.withLock({ $0 }) < number + 2 {
                var bytes: [UInt8] = []
                try await client.get(GetRequest(url: "\(Self.url)\(number)"), into: &bytes)
                #expect(bytes == Self.object)
            }
        }
        client.shutdown()
    }
}

import DragonflyRequest
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@Suite("The ring follows discovery")
struct RingRefresherTests {
    private static let request = GetRequest(url: "http://o/f")

    @Test("A discovery that fails at the start is told; later the last ring stays")
    func lastGoodRing() async throws {
        let script = ScriptedDiscovery(nil)
        let refresh = RefreshPolicy(healthCheck: .none)
        await #expect(throws: DragonflyError.self) { try await DragonflyClient(discovery: script, refresh: refresh) }
        script.answer.withLock { $0 = [try! SeedPeer("a=10.0.0.1")] }
        let client = try await DragonflyClient(discovery: script, refresh: refresh)
        script.answer.withLock { $0 = nil }
        await #expect(throws: DragonflyError.self) { try await client.refresh() }
        #expect(await client.seedPeers.map(\.name) == ["a"])
        script.answer.withLock { $0 = [] }
        try await client.refresh()
        #expect(await client.seedPeers.map(\.name) == ["a"])
    }

    @Test("A changed list takes effect without a restart, and a moved seed peer keeps its place")
    func changes() async throws {
        let script = ScriptedDiscovery([try SeedPeer("a=10.0.0.1"), try SeedPeer("b=10.0.0.2")])
        let client = try await DragonflyClient(discovery: script, refresh: RefreshPolicy(healthCheck: .none))
        let before = try await client.lookupSeedPeers(Self.request)
        script.answer.withLock { $0 = [try! SeedPeer("b=10.0.0.7"), try! SeedPeer("a=10.0.0.1")] }
        try await client.refresh()
        let moved = try await client.lookupSeedPeers(Self.request)
        #expect(moved.map(\.name) == before.map(\.name))
        #expect(Set(moved.map(\.host)) == ["10.0.0.1", "10.0.0.7"])
        script.answer.withLock { $0 = [try! SeedPeer("c=10.0.0.3")] }
        try await client.refresh()
        #expect(try await client.lookupEndpoints(Self.request) == ["http://10.0.0.3:4001"])
    }

    @Test("It looks again on its own")
    func interval() async throws {
        let script = ScriptedDiscovery([try SeedPeer("a=10.0.0.1")])
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: script, refresh: RefreshPolicy(interval: .seconds(1), healthCheck: .none),
            configuration: .init(metrics: counters))
        script.answer.withLock { $0 = nil }
        #expect(try await script.isAsked(2))
        script.answer.withLock { $0 = [try! SeedPeer("b=10.0.0.2")] }
        #expect(try await script.isAsked(4))
        #expect(await client.seedPeers.map(\.name) == ["b"])
        #expect(counters.values.discoveryFailures >= 1)
        client.shutdown()
    }

    @Test("Without seed peers requests fail and nothing is sent", arguments: [true, false])
    func nobody(isEmpty: Bool) async throws {
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        let script = ScriptedDiscovery(isEmpty ? [] : [try SeedPeer(host: "127.0.0.1", port: Int(gone.port))])
        let client = try await DragonflyClient(discovery: script)
        let error = await #expect(throws: DragonflyError.self) { try await client.get(Self.request) }
        #expect(error?.kind == "host not found")
        #expect(error?.isRetryable == false)
        await #expect(throws: DragonflyError.self) { try await client.lookupEndpoints(Self.request) }
    }

    @Test("Whose proxy accepts no connection is not on the ring")
    func connectCheck() async throws {
        let healthy = try FaultyOrigin { _, connection in connection.respond() }
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        defer { healthy.stop() }
        let peers = try [healthy.port, gone.port].map { try SeedPeer(host: "127.0.0.1", port: Int($0)) }
        let client = try await DragonflyClient(discovery: FixedDiscovery(peers))
        #expect(await client.seedPeers.map(\.port) == [Int(healthy.port)])
        #expect(healthy.requests.isEmpty)
    }

    @Test("A seed peer that fails the health check is not on the ring", arguments: [200, 503])
    func httpCheck(status: Int) async throws {
        let health = try FaultyOrigin { _, connection in connection.respond("\(status) Status") }
        defer { health.stop() }
        // Nothing listens on the other address.
        let peers = [try SeedPeer("a=127.0.0.1:1"), try SeedPeer("b=127.0.0.2:1")]
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(peers),
            refresh: RefreshPolicy(healthCheck: .http(port: Int(health.port), path: "/healthy")))
        #expect(await client.seedPeers.map(\.name) == (status == 200 ? ["a"] : []))
        #expect(health.requests.map(\.target) == ["/healthy"])
    }

    @Test("Replicas: as many as asked for, no more than there are, all of them used")
    func replicas() async throws {
        let peers = try (0..<4).map { _ in try FaultyOrigin { _, connection in connection.respond() } }
        defer { peers.forEach { $0.stop() } }
        let list = try peers.map { try SeedPeer(host: "127.0.0.1", port: Int($0.port)) }
        let client = try await DragonflyClient(discovery: FixedDiscovery(list))
        for count in [1, 2, 4, 9] {
            let request = GetRequest(url: "http://o/\(count)", replicas: count)
            let endpoints = try await client.lookupEndpoints(request)
            #expect(endpoints.count == min(count, 4))
            var seen: Set<String> = []
            for index in 0..<60 {
                var ranged = request
                ranged.range = Int64(index)..<Int64(index + 1)
                seen.insert(try await client.get(ranged).head.endpoint)
            }
            #expect(seen == Set(endpoints))
        }
    }

    @Test("What may prove a right doesn't follow a redirect to another origin; which bytes are wanted does")
    func redirectToOtherOrigin() async throws {
        let other = try FaultyOrigin { _, connection in connection.respond(body: [7]) }
        let origin = try FaultyOrigin { request, connection in
            connection.respond("302 Found", ["Location: " + (request.path == "/away" ? other.url : "/away") + "/x"])
        }
        defer { [origin, other].forEach { $0.stop() } }
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        let client = try EndpointClient(endpoints: [gone.url], configuration: .init(fallsBackToOrigin: true))
        let proofs: HTTPFields = [
            .authorization: "Basic YTpi", .cookie: "a=b", .init("X-Auth-Token")!: "t", .init("PRIVATE-TOKEN")!: "t",
            .init("X-Amz-Security-Token")!: "t", .referer: "http://o/secret", .init("X-Mine")!: "1",
        ]
        let harmless: HTTPFields = [
            .accept: "a/b", .acceptEncoding: "gzip", .userAgent: "me", .ifNoneMatch: "\"v\"",
        ]
        _ = try await client.get(
            GetRequest(url: "\(origin.url)/away", headers: proofs + harmless, range: 3..<5))
        for field in proofs + harmless { #expect(origin.requests.first?.headers.contains(field) == true, "\(field)") }
        let followed = try #require(other.requests.first?.headers)
        for field in harmless { #expect(followed.contains(field), "\(field)") }
        #expect(followed[.range] == "bytes=3-4")
        for field in proofs { #expect(!followed.contains(field.name), "\(field.name)") }
    }

    @Test("Without seed peers the origin is asked, if that is allowed; after its own answer it is not")
    func fallback() async throws {
        let origin = try FaultyOrigin { request, connection in
            if request.target == "/moved" {
                return _ = connection.respond("307 Moved", ["Location: /f?x=%7e"])
            }
            connection.respond(body: Array("origin".utf8))
        }
        let refusing = try FaultyOrigin { _, connection in
            connection.respond("404 Not Found", ["X-Dragonfly-Error-Type: backend"])
        }
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        defer { [origin, refusing].forEach { $0.stop() } }
        let counters = RequestCounters()
        let configuration = ClientConfiguration(fallsBackToOrigin: true, metrics: counters)
        for discovery in [
            ScriptedDiscovery([]), ScriptedDiscovery([try SeedPeer(host: "127.0.0.1", port: Int(gone.port))]),
        ] {
            let client = try await DragonflyClient(
                discovery: discovery, refresh: RefreshPolicy(healthCheck: .none), configuration: configuration)
            var buffer: [UInt8] = []
            let head = try await client.get(GetRequest(url: "\(origin.url)/moved", tag: "t"), into: &buffer)
            #expect(head.endpoint == "origin")
            #expect(buffer == Array("origin".utf8))
        }
        #expect(origin.requests.map(\.target) == ["/moved", "/f?x=%7e", "/moved", "/f?x=%7e"])
        #expect(origin.requests.allSatisfy { !$0.headers.contains { $0.name.canonicalName.hasPrefix("x-dragonfly") } })
        #expect(counters.values.fallbacks == 2)
        let client = try EndpointClient(endpoints: [refusing.url], configuration: configuration)
        let error = await #expect(throws: DragonflyError.self) {
            try await client.get(GetRequest(url: "\(origin.url)/f"))
        }
        #expect(error?.kind == "backend")
        #expect(origin.requests.count == 4)
    }
}

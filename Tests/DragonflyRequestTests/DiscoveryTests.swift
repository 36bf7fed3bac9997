import DragonflyRequest
import SeedTestSupport
import Testing

@Suite("Finding seed peers")
struct DiscoveryTests {
    private static let service = "_proxy._tcp.seed-peer.dragonfly-system.svc.cluster.local"
    private static let zone = "seed-peer.dragonfly-system.svc.cluster.local"

    @Test("A list names seed peers, each by its name or else by its address")
    func list() async throws {
        let client = try await DragonflyClient(
            discovery: FixedDiscovery("a=10.0.0.1:4001,10.0.0.2:4002,[2001:db8::1],b=seed.test"),
            refresh: RefreshPolicy(healthCheck: .none))
        #expect(await client.seedPeers.map(\.name) == ["10.0.0.2:4002", "[2001:db8::1]:4001", "a", "b"])
        #expect(
            await client.seedPeers.map(\.endpoint) == [
                "http://10.0.0.2:4002", "http://[2001:db8::1]:4001", "http://10.0.0.1:4001", "http://seed.test:4001",
            ])
    }

    @Test(
        "An invalid list is refused",
        arguments: [
            "", ",", "a=", "=10.0.0.1", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:x", "http://10.0.0.1", "a b", "[::1",
        ])
    func badList(text: String) {
        let error = #expect(throws: DragonflyError.self) { try FixedDiscovery(text) }
        #expect(error?.kind == "invalid argument")
    }

    @Test("Names that differ only by Unicode form are two seed peers, and stay apart")
    func unicodeForms() async throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        #expect(composed == decomposed, "to Swift they are equal")
        let peers = [
            try SeedPeer(name: composed, host: "10.0.0.1"), try SeedPeer(name: decomposed, host: "10.0.0.2"),
        ]
        let client = try await DragonflyClient(
            discovery: FixedDiscovery(peers), refresh: RefreshPolicy(healthCheck: .none))
        #expect(await client.seedPeers.count == 2)
        let both = try await client.lookupEndpoints(GetRequest(url: "http://o/f"))
        #expect(Set(both) == ["http://10.0.0.1:4001", "http://10.0.0.2:4001"])
        let ring = SeedPeerRing([composed, decomposed])
        for index in 0..<100 {
            let request = GetRequest(url: "http://o/\(index)", replicas: 1)
            let name = try #require(ring.names(forTaskID: request.task().id, replicas: 1).first)
            let host = name.utf8.elementsEqual(composed.utf8) ? "10.0.0.1" : "10.0.0.2"
            #expect(try await client.lookupEndpoints(request) == ["http://\(host):4001"])
        }
    }

    @Test("Of two seed peers with one name the later one counts")
    func sameName() async throws {
        let client = try await DragonflyClient(
            discovery: FixedDiscovery("a=10.0.0.1,a=10.0.0.2"), refresh: RefreshPolicy(healthCheck: .none))
        #expect(await client.seedPeers.map(\.host) == ["10.0.0.2"])
    }

    @Test("SRV records give each pod its lasting name", arguments: [true, false])
    func serviceRecords(withAddresses: Bool) async throws {
        let server = try NameServer([
            Self.service: (0..<3).map { .srv(target: "seed-peer-\($0).\(Self.zone)", port: 4001) },
            "seed-peer-0.\(Self.zone)": [.a("10.1.0.1")],
            "seed-peer-1.\(Self.zone)": [.aaaa("2001:db8::5"), .a("10.1.0.2")],
            "seed-peer-2.\(Self.zone)": [.aaaa("2001:db8::6")],
        ])
        defer { server.stop() }
        if !withAddresses { server.leaveAddressesOut() }
        let peers = try await DNSDiscovery(Self.service, server: server.address).seedPeers()
        #expect(
            Set(peers.map { "\($0.name) \($0.endpoint)" }) == [
                "dragonfly-system-seed-peer-0 http://10.1.0.1:4001",
                "dragonfly-system-seed-peer-1 http://10.1.0.2:4001",
                "dragonfly-system-seed-peer-2 http://[2001:db8::6]:4001",
            ])
    }

    @Test("A pod whose name is gone does not affect the others")
    func vanishedTarget() async throws {
        let server = try NameServer([
            "_seed._tcp.test": [.srv(target: "one.test", port: 7), .srv(target: "gone.test", port: 7)],
            "one.test": [.a("10.0.0.9")],
        ])
        defer { server.stop() }
        server.leaveAddressesOut()
        let peers = try await DNSDiscovery("_seed._tcp.test", server: server.address).seedPeers()
        #expect(peers.map(\.host) == ["10.0.0.9"])
    }

    @Test("SRV targets outside Kubernetes are named by target and port")
    func plainServiceRecords() async throws {
        let server = try NameServer([
            "_seed._tcp.test": [.srv(target: "one.test", port: 7)], "one.test": [.a("10.0.0.9")],
        ])
        defer { server.stop() }
        let peers = try await DNSDiscovery("_seed._tcp.test", server: server.address).seedPeers()
        #expect(peers == [try SeedPeer(name: "one.test:7", host: "10.0.0.9", port: 7)])
    }

    @Test("Addresses alone are named by address and port")
    func addresses() async throws {
        let server = try NameServer([Self.zone: [.a("10.1.0.1"), .a("10.1.0.2"), .aaaa("2001:db8::5")]])
        defer { server.stop() }
        let peers = try await DNSDiscovery(Self.zone, port: 4002, server: server.address).seedPeers()
        #expect(peers.map(\.name) == ["10.1.0.1:4002", "10.1.0.2:4002", "[2001:db8::5]:4002"])
    }

    @Test("A name server that fails, or talks garbage, is an error; a name without records is not")
    func badServer() async throws {
        let server = try NameServer(["empty.test": [.srv(target: "x", port: 1)]])
        defer { server.stop() }
        let empty = try DNSDiscovery("empty.test", server: server.address)
        #expect(try await empty.seedPeers().isEmpty)
        let unknown = try DNSDiscovery("unknown.test", server: server.address)
        await #expect(throws: DragonflyError.self) { try await unknown.seedPeers() }
        for mood in [NameServer.Mood.fails, .talksGarbage] {
            server.set(mood)
            await #expect(throws: DragonflyError.self) { try await empty.seedPeers() }
        }
    }

    @Test("Invalid names and servers are refused", arguments: ["", "a b", String(repeating: "a", count: 254)])
    func badName(name: String) {
        #expect(throws: DragonflyError.self) { try DNSDiscovery(name) }
        #expect(throws: DragonflyError.self) { try DNSDiscovery("seed.test", server: "name.test:53") }
    }
}

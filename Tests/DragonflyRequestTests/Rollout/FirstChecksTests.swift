import SeedTestSupport
import Testing

@testable import DragonflyRequest

@Suite("The first health checks")
struct FirstChecksTests {
    /// The check of the one that answers nothing takes an hour, which the test would notice.
    @Test("A lookup goes on as soon as its own replicas are checked")
    func ownReplicas() async throws {
        let full = try FullPort()
        defer { withExtendedLifetime(full) {} }
        let servers = try (0..<3).map { _ in try FaultyOrigin { _, connection in connection.respond() } }
        defer { servers.forEach { $0.stop() } }
        let ports = servers.map(\.port) + [full.port]
        let peers = try ports.map { try SeedPeer(name: "p\($0)", host: "127.0.0.1", port: Int($0)) }
        let names = SeedPeerRing(peers.map(\.name))
        let task = try #require(
            (0..<100).lazy.map { try! GetRequest(url: "http://o/\($0)").task() }
                .first { !names.names(for: $0, replicas: 2).contains(peers[3].name) })
        let transport = try HTTPTransport(ClientConfiguration())
        let ring = RingRefresher(
            discovery: try FixedDiscovery(peers), policy: RefreshPolicy(),
            checker: HealthChecker(transport, timeout: .seconds(3_600)), metrics: nil)
        let clock = ContinuousClock()
        let time = try await clock.measure {
            try await ring.start()
            #expect(try await ring.replicas(of: task, count: 2).map(\.name) == names.names(for: task, replicas: 2))
        }
        #expect(time < .seconds(600))
        await transport.end()
    }
}

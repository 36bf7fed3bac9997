import SeedTestSupport
import Testing

@Suite("Our own ports are no origin")
struct OwnListenersTests {
    @Test("None of the four ports is fetched from, by any local address, cached or passed through")
    func refused() throws {
        try ServerHarness.with { harness in
            for listener in ["proxy", "health", "metrics", "admin"] {
                let port = try harness.peer.port(listener)
                for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
                    let url = "http://\(host):\(port)/metrics"
                    let cached = try harness.peer.get(url)
                    #expect(cached.status == 403 || cached.status == 508, "\(url): \(cached.status)")
                    #expect(cached["x-dragonfly-error-type"] == "proxy")
                    let client = try RawClient(port: harness.peer.port())
                    let request = SeedPeerProcess.request(url).replacing("GET ", with: "DELETE ")
                    try client.send(request)
                    let passed = try client.readResponse()
                    #expect(passed.status == 403 || passed.status == 508, "\(url): \(passed.status)")
                }
            }
        }
    }
}

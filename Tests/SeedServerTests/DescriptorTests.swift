import Foundation
import SeedTestSupport
import Testing

/// What happens to the store then, `SpaceTests` shows.
@Suite("Running out of descriptors", .serialized)
struct DescriptorTests {
    private static let limits = ["ulimit", "-n", "96"]

    private func isServed(_ client: RawClient) throws -> Bool {
        try client.send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
        return try client.readResponse().status == 200
    }

    /// Connections that leave the server none.
    private func takeAll(of peer: SeedPeerProcess) throws -> [RawClient] {
        var clients: [RawClient] = []
        while clients.count < 100 {
            let client = try RawClient(port: peer.port())
            do {
                #expect(try isServed(client))
                clients.append(client)
            } catch RawClient.Failure.reset {
                return clients
            }
        }
        throw FixtureError("the server has more descriptors than it may have")
    }

    /// Until the server has closed what was reset, who comes may be reset for want of a descriptor.
    private func waitUntilServed(at port: Int) throws {
        try waitUntil("new clients are served") { (try? isServed(RawClient(port: port))) == true }
    }

    @Test("W23: while accepting: nothing ends, it is counted, and new clients are served afterwards")
    func accepting() throws {
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(store: directory.path("store"), in: directory, limits: Self.limits)
        let first = try RawClient(port: peer.port())
        #expect(try isServed(first))
        let many = try takeAll(of: peer)
        // The kernel completes these; the program cannot accept them.
        let more = try (0..<120).map { _ in try RawClient(port: peer.port()) }
        #expect(try isServed(first))
        for client in many + more { client.reset() }
        try waitUntilServed(at: peer.port())
        #expect(try peer.metric("seed_peer_connections_refused_total") > 0)
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
    }

    @Test("Four thousand connections that are reset while none can be accepted leave it accepting")
    func resets() throws {
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(store: directory.path("store"), in: directory, limits: Self.limits)
        let port = try peer.port()
        let many = try takeAll(of: peer)
        for _ in 0..<4 {
            let clients = try (0..<1_000).map { _ in try RawClient(port: port) }
            for (index, client) in clients.enumerated() where index.isMultiple(of: 3) {
                // It may have been reset already, one at a time.
                try? client.send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
            }
            for client in clients { client.reset() }
        }
        for client in many { client.reset() }
        try waitUntilServed(at: port)
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
    }

    @Test(
        "While dialling: 503 at once, whatever the way; it is said once, no fault of the host, and over with the shortage"
    )
    func dialling() throws {
        try ServerHarness.with(limits: Self.limits) { harness in
            let file = try harness.makeFile("object", length: 10_000)
            let client = try RawClient(port: harness.peer.port())
            #expect(try isServed(client))
            let many = try takeAll(of: harness.peer)
            // More than the failures that a host is left alone after.
            for _ in 0..<10 {
                for fields in ["", "Cookie: a=b\r\n"] {
                    try client.send("GET \(harness.url("object")) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
                    let response = try client.readResponse()
                    #expect(response.status == 503 && response["Retry-After"] == "1", "\(response.text)")
                    #expect(response["X-Dragonfly-Error-Type"] == "dfdaemon")
                    #expect(response.text.contains("Too many open files"))
                }
            }
            #expect(harness.peer.waits(for: "Requests that need an origin fail"))
            for client in many { client.reset() }
            // Until then who asks may be reset for want of a descriptor.
            try waitUntil("they are closed") { (try? harness.peer.metric("seed_peer_connections")) == 1 }
            for fields in [[], ["Cookie: a=b"]] {
                let response = try harness.peer.get(harness.url("object"), fields: fields)
                #expect(response.status == 200 && response.body == file)
            }
            #expect(harness.peer.errorText.components(separatedBy: "Requests that need an origin fail").count == 2)
        }
    }
}

import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Input that is held for what is still to come")
struct HeldInputTests {
    private static let end = " HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let long = "GET /bytes/3 HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "x", count: 40_000)

    private func isHeld(_ bytes: Int, by server: TestServer) -> Bool {
        eventually { server.server.limits.heldInput.current == Int64(bytes) }
    }

    @Test("Beyond the limit of all, long heads without an end are refused, and all else is served")
    func heads() async throws {
        try await withServer(loops: 2, configure: { $0.heldInputLimit = 100_000 }) { server in
            let clients = try (0..<3).map { _ in try server.client() }
            for client in clients { try client.send(Self.long) }
            #expect(isHeld(3 * Self.long.utf8.count, by: server))
            // Short heads in two parts, and a body that is taken as fast as it comes.
            let other = try server.client()
            try other.send("GET /bytes/3 HTTP/1.1\r\nHost")
            #expect(isHeld(3 * Self.long.utf8.count + 27, by: server))
            try other.send(": h\r\n\r\n")
            #expect(try other.readResponse().body == Pattern.array(3))
            try other.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n")
            try other.send(Pattern.array(200_000))
            #expect(try other.readResponse().body == Pattern.array(200_000))
            // One byte more of a long head.
            try clients[0].send("x")
            let refused = try clients[0].readResponse()
            #expect(refused.status == 503 && refused["Connection"] == "close")
            #expect(try clients[0].readToEnd().isEmpty)
            // That made room.
            #expect(isHeld(2 * Self.long.utf8.count, by: server))
            try clients[1].send("x\r\n\r\n")
            #expect(try clients[1].readResponse().body == Pattern.array(3))
            clients[2].reset()
            #expect(isHeld(0, by: server))
        }
    }

    @Test(
        "Requests behind the present one count too, and while there is too much no more of them is read than is looked at"
    )
    func pipelined() async throws {
        try await withServer(configure: { $0.heldInputLimit = 20_000 }) { server in
            let requests = String(repeating: "GET /bytes/3\(Self.end)", count: 1_000)
            let (first, second) = (try server.client(), try server.client())
            try first.send("GET /wait\(Self.end)\(requests)")
            let request = try #require(server.next())
            // What came with the first request in one read, a lent buffer at most.
            #expect(eventually { server.server.limits.heldInput.current > 20_000 })
            let held = server.server.limits.heldInput.current
            #expect(held <= 64 << 10)
            try second.send("GET /wait\(Self.end)\(requests)")
            let other = try #require(server.next())
            #expect(eventually { server.server.limits.heldInput.current > held })
            #expect(server.server.limits.heldInput.current <= held + 2 * 4_096)
            for (client, waiting) in [(first, request), (second, other)] {
                waiting.respond("waited")
                #expect(try client.readResponse().text == "waited")
                for _ in 0..<1_000 { #expect(try client.readResponse().body == Pattern.array(3)) }
            }
            #expect(isHeld(0, by: server))
        }
    }

    @Test("What a connection holds is given back whatever ends it")
    func ends() async throws {
        try await withServer(configure: { $0.timeouts.head = .milliseconds(200) }) { server in
            let clients = try (0..<4).map { _ in try server.client() }
            try clients[0].send("GET /bytes/3 HTTP/1.1\r\nHost: h\r\n")
            #expect(isHeld(32, by: server))
            #expect(try clients[0].readResponse().status == 408)
            // While it lingers, too.
            #expect(isHeld(0, by: server))
            try clients[1].send("GET /bytes/3 HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\nmore")
            #expect(try clients[1].readResponse().status == 400)
            try clients[2].send("GET /bytes/3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nmore")
            #expect(try clients[2].readResponse().status == 200)
            #expect(isHeld(0, by: server))
            try clients[3].send("GET")
            #expect(isHeld(3, by: server))
            clients[3].closeWriting()
            #expect(isHeld(0, by: server))
        }
    }
}

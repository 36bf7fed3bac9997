import Foundation
import HTTPSemantics
import HTTPServer
import SeedEngineTestSupport
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Limits, credentials and lists")
struct SafetyTests {
    private func get(_ fields: String..., url: String = "http://origin.test/object") -> String {
        "GET \(url) HTTP/1.1\r\nHost: origin.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test(
        "Every smuggling shape is refused, the connection ends, and no origin hears of it", arguments: Smuggling.heads)
    func smuggling(_ shape: Smuggling.Shape) async throws {
        try await withHarness { harness in
            let client = try harness.client()
            // What would be smuggled.
            try client.send(shape.text + "GET http://origin.test/smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == shape.status)
            #expect(response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
            #expect(harness.origin.requests.isEmpty)
        }
    }

    @Test("A malformed body ends the request before the origin has a whole one", arguments: Smuggling.bodies)
    func smuggledBody(_ shape: Smuggling.Shape) async throws {
        try await withHarness { harness in
            let seen = Note<String>()
            let server = try LoopbackServer { connection in
                _ = try connection.readRequest()
                seen.write(String(decoding: try connection.readToEnd(), as: UTF8.self))
            }
            let client = try harness.client()
            try client.send(shape.text.replacing("http://h/", with: "http://127.0.0.1:\(server.port)/"))
            let response = try client.readResponse()
            #expect(response.status == shape.status)
            #expect(try client.readToEnd().isEmpty)
            #expect(seen.read(within: 10)?.hasSuffix("0\r\n\r\n") != true)
            withExtendedLifetime(server) {}
        }
    }

    @Test("The right credentials pass, and go no further")
    func credentials() async throws {
        try await withHarness(
            configure: { $0.basicAuth = BasicAuth(username: "u", password: "p") },
            { harness in
                harness.serve(TestObject(count: 10))
                let server = try LoopbackServer { connection in
                    let isSeen = try connection.readRequest().lowercased().contains("proxy-authorization")
                    try connection.send("HTTP/1.1 \(isSeen ? 500 : 200) X\r\nContent-Length: 0\r\n\r\n")
                }
                let client = try harness.client()
                for scheme in ["Basic", "basic", "BASIC  "] {
                    try client.send(get("Proxy-Authorization: \(scheme) dTpw"))
                    #expect(try client.readResponse().status == 200)
                }
                try client.send(
                    "PUT http://127.0.0.1:\(server.port)/ HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
                )
                #expect(try client.readResponse().status == 200)
                try client.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n")
                #expect(try client.readResponse().status == 407)
                withExtendedLifetime(server) {}
            })
    }

    @Test("Authorization counts only if the operator says so, and is then kept from the origin")
    func authorization() async throws {
        try await withHarness(
            configure: { $0.basicAuth = BasicAuth(username: "u", password: "p", acceptsAuthorization: true) },
            { harness in
                harness.serve(TestObject(count: 10))
                let client = try harness.client()
                try client.send(get("Authorization: Basic dTpw"))
                #expect(try client.readResponse().status == 200)
                #expect(harness.origin.requests.allSatisfy { $0.headers[.authorization] == nil })
                try client.send(get("Authorization: Basic x"))
                #expect(try client.readResponse().status == 407)
            })
    }

    @Test("More requests a second than allowed are 429 with Retry-After")
    func rate() async throws {
        try await withHarness(
            configure: { $0.requestRateLimit = 2 },
            { harness in
                let client = try harness.client()
                var statuses: [Int] = []
                // In one go: however slow the test is, the loop takes them without a pause.
                let count = 50
                try client.send(String(repeating: "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", count: count))
                for _ in 0..<count {
                    let response = try client.readResponse()
                    statuses.append(response.status)
                    guard response.status == 429 else { continue }
                    #expect(response["Retry-After"] == "1" && response["X-Dragonfly-Error-Type"] == "proxy")
                }
                #expect(statuses.prefix(2) == [400, 400])
                #expect(statuses.contains(429))
            })
    }

    @Test("The bucket refills with time, up to one second's worth")
    func bucket() throws {
        let start = MonotonicTime.now()
        let limiter = try #require(RequestRateLimiter(perSecond: 10, now: start))
        #expect((0..<20).count { _ in limiter.take(now: start) } == 10)
        #expect((0..<20).count { _ in limiter.take(now: start + .milliseconds(350)) } == 3)
        #expect((0..<20).count { _ in limiter.take(now: start + .seconds(60)) } == 10)
        #expect(RequestRateLimiter(perSecond: 0) == nil)
    }

    @Test("One client has no more connections than it may, and gets its places back")
    func connectionsPerClient() async throws {
        try await withHarness(
            configure: { $0.server.connectionsPerClient = 2 },
            { harness in
                let request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
                let present = try (0..<2).map { _ in try harness.client() }
                for client in present {
                    try client.send(request)
                    #expect(try client.readResponse().status == 400)
                }
                let third = try harness.client()
                #expect(throws: RawClient.Failure.reset) { try third.readToEnd() }
                present[0].reset()
                #expect(eventually { harness.server.counters.connections == 1 })
                let fourth = try harness.client()
                try fourth.send(request)
                #expect(try fourth.readResponse().status == 400)
            })
    }

    @Test("What the block list names is 403 on either path, and a new list counts at once")
    func blockList() async throws {
        try await withHarness(
            configure: { $0.blockList = BlockList(urls: ["evil\\.test"], tags: ["bad"]) },
            { harness in
                harness.serve(TestObject(count: 10))
                let client = try harness.client()
                func status(_ request: String) throws -> Int {
                    try client.send(request)
                    return try client.readResponse().status
                }
                #expect(try status(get()) == 200)
                #expect(try status(get(url: "http://evil.test/a")) == 403)
                #expect(try status(get("Cookie: a=b", url: "http://evil.test/a")) == 403)
                #expect(try status(get("X-Dragonfly-Tag: bad")) == 403)
                try await harness.server.replaceBlockList(BlockList(applications: ["app"], priorities: [3]))
                #expect(try status(get("X-Dragonfly-Application: app")) == 403)
                #expect(try status(get("X-Dragonfly-Priority: 3")) == 403)
                #expect(try status(get("X-Dragonfly-Tag: bad")) == 200)
                await #expect(throws: ProxyStartError.self) {
                    try await harness.server.replaceBlockList(BlockList(urls: ["("]))
                }
                #expect(try status(get("X-Dragonfly-Application: app")) == 403)
            })
    }

    @Test("Clients that send or read by drips hold little, and others get their responses meanwhile")
    func slowloris() async throws {
        try await withHarness(configure: { $0.server.timeouts.head = .seconds(60) }) { harness in
            let object = TestObject(count: 8 << 20)
            harness.serve(object)
            let warm = try harness.client()
            try warm.send(get())
            #expect(object.matches(try warm.readResponse().body))
            let heads = try (0..<200).map { _ in try harness.client() }
            let readers = try (0..<20).map { _ in try harness.client(receiveBuffer: 4096) }
            for client in readers { try client.send(get()) }
            for byte in "GET http://origin.test/object HTTP/1.1\r\nHost: " {
                for client in heads { try client.send(String(byte)) }
                try warm.send(get("Range: bytes=0-9"))
                #expect(try warm.readResponse().body.count == 10)
            }
            // No reader is given more than what its socket and our window take.
            #expect(harness.server.counters.bytesSent < (8 << 20) * 12)
            withExtendedLifetime((heads, readers)) {}
        }
    }
}

import HTTPServer
import SeedOrigin
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Straight-through requests that fail")
struct PassThroughFailureTests {
    @Test(
        "A body that breaks off at the origin resets the client's connection",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ])
    func cut(_ response: String) async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send(response)
        }) { harness, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(throws: RawClient.Failure.reset) {
                while true { if try client.read().isEmpty { return } }
            }
            #expect(harness.server.counters.aborted == 1)
        }
    }

    @Test("An origin that resets a body without length resets the client's connection")
    func resetUntilClose() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n\r\nhalf")
            _ = try connection.readLine()
        }) { _, origin, client in
            try client.send("POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            _ = try client.readHead()
            #expect(try client.read(exactly: 4) == Array("half".utf8))
            // What the origin leaves unread when it closes makes its kernel send a reset.
            try client.send("go\r\nrest\n")
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        }
    }

    @Test("An origin that gives no response is 502, and the connection lives on")
    func noResponse() async throws {
        try await withPassThroughHarness({ connection in _ = try connection.readRequest() }) { _, origin, client in
            for _ in 0..<2 {
                try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 502)
                #expect(response["X-Dragonfly-Error-Type"] == "backend")
            }
        }
    }

    @Test("An unreachable origin is 502")
    func unreachable() async throws {
        let closed = try ClosedPort()
        try await withPassThroughHarness({ _ in }) { _, _, client in
            try client.send("GET \(closed.url)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 502)
            #expect(response["X-Dragonfly-Error-Type"] == "backend")
            withExtendedLifetime(closed) {}
        }
    }

    @Test("An origin that makes no progress is 504 before the head and a reset after it")
    func silent() async throws {
        let quick: (inout OriginConfiguration) -> Void = { $0.passThroughTimeout = .seconds(2) }
        try await withPassThroughHarness(
            origins: quick,
            { connection in
                let request = try connection.readRequest()
                if request.contains("/late") { try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") }
                _ = try connection.read()
            }
        ) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 504)
            #expect(response["X-Dragonfly-Error-Type"] == "backend")
            try client.send("GET http://127.0.0.1:\(origin.port)/late HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readHead().status == 200)
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        }
    }

    @Test("A status below 100 is a failure of the origin")
    func noStatus() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 502 && response.text.contains("did not respond in HTTP as we accept it"))
        }
    }

    @Test("The origin's own errors say that they are the origin's")
    func errorType() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n\r\n")
            #expect(try client.readResponse()["X-Dragonfly-Error-Type"] == "backend")
        }
    }

    @Test("The address guard refuses what is not allowed, by name and by address")
    func guarded() async throws {
        try await withPassThroughHarness(allowing: [], { _ in }) { _, origin, client in
            for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
                try client.send("GET http://\(host):\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 403)
                #expect(response["X-Dragonfly-Error-Type"] == "proxy")
                #expect(response.text.contains("backend.allowAddresses"))
            }
        }
    }

    @Test("Our own listener is refused as an origin, and so is a request that was here before")
    func loops() async throws {
        try await withPassThroughHarness({ _ in }) { harness, origin, client in
            let requests = [
                "GET http://127.0.0.1:\(harness.port)/ HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nVia: 1.1 seed-peer\r\n\r\n",
            ]
            for request in requests {
                try client.send(request)
                let response = try client.readResponse()
                #expect(response.status == 508)
                #expect(response["X-Dragonfly-Error-Type"] == "proxy")
            }
        }
    }
}

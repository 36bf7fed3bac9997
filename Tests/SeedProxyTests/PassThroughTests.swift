import Foundation
import HTTPServer
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Requests that go straight through")
struct PassThroughTests {
    /// A harness without rules: nothing goes through the cache.
    private func withRelay(
        allowing allowed: [String] = ["127.0.0.0/8"],
        configure: @escaping (inout ProxyConfiguration) -> Void = { _ in },
        origins: @escaping (inout OriginConfiguration) -> Void = { _ in },
        _ script: @escaping @Sendable (RawClient) throws -> Void,
        _ body: (ProxyHarness, LoopbackServer, RawClient) async throws -> Void
    ) async throws {
        try await withHarness(
            allowing: allowed,
            configure: {
                $0.rules = []
                configure(&$0)
            },
            origins: origins,
            { harness in
                let origin = try LoopbackServer(script)
                try await body(harness, origin, try harness.client())
            })
    }

    @Test("64 MiB go up and come back while both sides stream")
    func echo() async throws {
        let count = 64 << 20
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            var echoed = 0
            while echoed < count {
                let part = try connection.read(atMost: 1 << 20)
                try connection.send(part)
                echoed += part.count
            }
        }) { harness, origin, client in
            let object = TestObject(count: count)
            try client.send(
                "POST http://127.0.0.1:\(origin.port)/up HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n")
            Thread.detachNewThread { try? client.send(object.bytes) }
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(object.matches(response.body))
            #expect(response["Cache-Status"] == "seed-peer; fwd=bypass")
            #expect(harness.server.metrics.bypasses.current == 1)
        }
    }

    @Test("Chunked bodies stay chunked both ways, and the connection serves the next request")
    func chunked() async throws {
        try await withRelay({ connection in
            // It stays open: a request with a body is not sent again when its connection has ended.
            while true {
                let request = try connection.readRequest()
                guard request.contains("Transfer-Encoding: chunked") else { return }
                var body = ""
                while case let line = try connection.readLine(), line != "0" {
                    body += String(decoding: try connection.read(exactly: Int(line, radix: 16) ?? 0), as: UTF8.self)
                    _ = try connection.readLine()
                }
                _ = try connection.readLine()
                try connection.send(
                    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\(body)\r\n0\r\n\r\n")
            }
        }) { _, origin, client in
            for _ in 0..<2 {
                try client.send(
                    "PUT http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 201)
                #expect(response["Transfer-Encoding"] == "chunked")
                #expect(response.text == "hello")
            }
        }
    }

    @Test("A body without length or last chunk is relayed up to the connection's end")
    func untilClose() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response["Connection"] == "close")
            #expect(response["Content-Length"] == nil)
            #expect(response.text == "all of it")
        }
    }

    @Test("An HTTP/1.0 client gets a chunked body up to the connection's end")
    func oldClient() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try client.readResponse()
            #expect(response["Transfer-Encoding"] == nil)
            #expect(response["Connection"] == "close")
            #expect(response.text == "abc")
        }
    }

    @Test(
        "A body that breaks off at the origin resets the client's connection",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ])
    func cut(_ answer: String) async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send(answer)
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
        try await withRelay({ connection in
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

    @Test("An origin that gives no answer is 502, and the connection lives on")
    func noAnswer() async throws {
        try await withRelay({ connection in _ = try connection.readRequest() }) { _, origin, client in
            for _ in 0..<2 {
                try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 502)
                #expect(response["X-Dragonfly-Error-Type"] == "backend")
            }
        }
    }

    @Test("An origin where nobody listens is 502")
    func unreachable() async throws {
        let closed = try ClosedPort()
        try await withRelay({ _ in }) { _, _, client in
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
        try await withRelay(
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

    @Test("Max-Forwards that is no number travels on as it is", arguments: ["-9223372036854775808", "x", "1"])
    func maxForwards(value: String) async throws {
        try await withRelay({ connection in
            let request = try connection.readRequest()
            let expected = value == "1" ? "0" : value
            let isRight = request.contains("Max-Forwards: \(expected)")
            try connection.send("HTTP/1.1 \(isRight ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
        }) { _, origin, client in
            try client.send(
                "OPTIONS http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: \(value)\r\n\r\n")
            #expect(try client.readResponse().status == 200)
        }
    }

    @Test("An origin cannot take the length off its body, nor off ours")
    func nominatedLength() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 3\r\n\r\nabc")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.text == "abc")
            #expect(response["Content-Length"] == "3")
        }
    }

    @Test(
        "What is called as tokens and keys are goes straight through, whatever a rule says",
        arguments: ["X-Auth-Token", "PRIVATE-TOKEN", "X-JFrog-Art-Api", "x-api-key", "X-Session"])
    func proof(name: String) async throws {
        try await withRelay(
            configure: { $0.rules = [ProxyRule()] },
            { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        ) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\(name): t\r\n\r\n")
            #expect(try client.readResponse()["Cache-Status"]?.contains("fwd=bypass") == true)
        }
    }

    @Test("A status below 100 is a failure of the origin")
    func noStatus() async throws {
        try await withRelay({ connection in
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
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n\r\n")
            #expect(try client.readResponse()["X-Dragonfly-Error-Type"] == "backend")
        }
    }

    @Test("The address guard refuses what is not allowed, by name and by address")
    func guarded() async throws {
        try await withRelay(allowing: [], { _ in }) { _, origin, client in
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
        try await withRelay({ _ in }) { harness, origin, client in
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

    @Test("Credentials reach the origin untouched; what is about this connection or this cache doesn't")
    func fields() async throws {
        let seen = Note<String>()
        try await withRelay({ connection in
            seen.write(try connection.readRequest())
            try connection.send(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n"
                    + "Connection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n")
        }) { _, origin, client in
            try client.send(
                "GET http://127.0.0.1:\(origin.port)/a%2Fb?c=%41 HTTP/1.1\r\nHost: other\r\nAuthorization: Basic abc\r\n"
                    + "Proxy-Authorization: p\r\nX-Dragonfly-Tag: t\r\nConnection: X-Mine\r\nX-Mine: 1\r\nCookie: k=v\r\n"
                    + "Accept-Encoding: gzip\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 401)
            #expect(response["WWW-Authenticate"] == "Basic realm=\"x\"")
            #expect(response.fields.filter { $0.name == "Set-Cookie" }.map(\.value) == ["a=b", "c=d"])
            #expect(response["X-Hop"] == nil)
            #expect(response["Via"] == "1.1 seed-peer")
            let request = try #require(seen.read())
            #expect(request.hasPrefix("GET /a%2Fb?c=%41 HTTP/1.1\nHost: 127.0.0.1:\(origin.port)\n"))
            for line in ["Authorization: Basic abc", "Cookie: k=v", "Accept-Encoding: gzip", "Via: 1.1 seed-peer"] {
                #expect(request.contains("\n\(line)"))
            }
            for name in ["Proxy-Authorization", "X-Dragonfly", "X-Mine"] { #expect(!request.contains(name)) }
        }
    }

    @Test("Interim answers reach the client before the real one")
    func interim() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            let body = try connection.read(exactly: 3)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + String(decoding: body, as: UTF8.self))
        }) { _, origin, client in
            try client.send(
                "POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            )
            #expect(try client.readHead().status == 100)
            try client.send("abc")
            #expect(try client.readResponse().text == "abc")
        }
    }

    @Test("The answer to HEAD has the origin's length and no body")
    func headMethod() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n")
        }) { _, origin, client in
            for _ in 0..<2 {
                try client.send("HEAD http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try client.readResponse(hasBody: false)
                #expect(response["Content-Length"] == "12345")
            }
        }
    }

    @Test("An answer before the end of the request arrives whole and ends the connection")
    func earlyAnswer() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
            _ = try? connection.readToEnd()
        }) { _, origin, client in
            try client.send(
                "POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
            let response = try client.readResponse()
            #expect(response.status == 413)
            #expect(response.text == "big")
            try client.send([UInt8](repeating: 0, count: 100_000))
            #expect(try client.read().isEmpty)
        }
    }

    @Test("A client that closes its side after the request still gets its answer")
    func halfClosed() async throws {
        try await withRelay({ connection in
            _ = try connection.readRequest()
            let body = try connection.read(exactly: 3)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + String(decoding: body, as: UTF8.self))
        }) { _, origin, client in
            try client.send("POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            client.closeWriting()
            #expect(try client.readResponse().text == "abc")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A client that doesn't read holds the origin back")
    func slowReader() async throws {
        let accepted = Note<Int>()
        try await withRelay({ connection in
            connection.setTimeout(1)
            _ = try connection.readRequest()
            var sent = 0
            do {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
                let part = [UInt8](repeating: 7, count: 1 << 20)
                while sent < 1 << 30 {
                    try connection.send(part)
                    sent += part.count
                }
            } catch { accepted.write(sent) }
        }) { harness, origin, _ in
            let client = try harness.client(receiveBuffer: 65_536)
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let count = try #require(accepted.read(within: 60))
            // What the kernel's buffers and ours hold, and not the object.
            #expect(count < 64 << 20)
        }
    }

    // MARK: Kept connections

    @Test("1,000 small requests, eight at a time, open at most eight connections")
    func fewConnections() async throws {
        let connections = Lock(0)
        try await withRelay({ connection in
            connections.withLock { $0 += 1 }
            while true {
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            }
        }) { harness, origin, _ in
            let (right, ended) = (Lock(0), Lock(0))
            for _ in 0..<8 {
                let client = try harness.client()
                Thread.detachNewThread {
                    for _ in 0..<125 {
                        try? client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                        if (try? client.readResponse())?.text == "hello" { right.withLock { $0 += 1 } }
                    }
                    ended.withLock { $0 += 1 }
                }
            }
            #expect(eventually { ended.withLock { $0 } == 8 })
            #expect(right.withLock { $0 } == 1_000)
        }
        #expect((1...8).contains(connections.withLock { $0 }))
    }

    @Test("An origin that answers, waits and answers again gives nobody the second", arguments: ["GET", "PUT"])
    func unsolicited(_ method: String) async throws {
        let (connections, isTaken, isSent) = (Lock(0), Note<Bool>(), Note<Bool>())
        try await withRelay({ connection in
            let number = connections.withLock { count in
                count += 1
                return count
            }
            while true {
                let request = try connection.readRequest()
                if request.hasPrefix("PUT") { _ = try connection.read(exactly: 2) }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                guard number == 1 else { continue }
                _ = isTaken.read()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
                isSent.write(true)
            }
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().text == "1")
            isTaken.write(true)
            try #require(isSent.read() == true)
            for _ in 0..<2 {
                let body = method == "PUT" ? "Content-Length: 2\r\n\r\nup" : "\r\n"
                try client.send("\(method) http://127.0.0.1:\(origin.port)/2 HTTP/1.1\r\nHost: x\r\n\(body)")
                #expect(try client.readResponse().text == "2")
            }
        }
    }

    @Test("What one client proves by NTLM doesn't serve another")
    func ntlm() async throws {
        try await withRelay({ connection in
            var proof = "nobody"
            while true {
                let request = try connection.readRequest()
                if request.contains("NTLM") { proof = "somebody" }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(proof.utf8.count)\r\n\r\n\(proof)")
            }
        }) { harness, origin, somebody in
            let other = try harness.client()
            for _ in 0..<3 {
                for (client, field, answer) in [
                    (somebody, "Authorization: NTLM TlR\r\n", "somebody"), (other, "", "nobody"),
                ] {
                    try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\(field)\r\n")
                    #expect(try client.readResponse().text == answer)
                }
            }
        }
    }

    @Test("An upload whose kept connection breaks is sent once, and is the origin's failure", arguments: [9, 4 << 20])
    func brokenUpload(_ length: Int) async throws {
        let uploads = Lock(0)
        try await withRelay({ connection in
            while true {
                let request = try connection.readRequest()
                if request.hasPrefix("PUT") {
                    uploads.withLock { $0 += 1 }
                    return
                }
                try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().status == 204)
            try client.send(
                "PUT http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
            Thread.detachNewThread { try? client.send([UInt8](repeating: 1, count: length)) }
            let response = try client.readResponse()
            #expect(response.status == 502 && response["X-Dragonfly-Error-Type"] == "backend")
        }
        #expect(uploads.withLock { $0 } == 1)
    }
}

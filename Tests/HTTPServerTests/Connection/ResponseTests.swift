import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Responses over sockets")
struct ResponseTests {
    private static let end = " HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test(
        "Bodies come to the byte, from memory and from files, whatever their length",
        arguments: [1, 4_096, 16_384, 32_768, 32_769, 65_536, 1_000_000, 9_000_000])
    func lengths(_ count: Int) async throws {
        try await withServer { server in
            let client = try server.client()
            let whole = Pattern.array(count)
            for path in ["bytes/\(count)", "file/\(count)", "pieces/\(count)/10000", "pieces/\(count)/300000"] {
                try client.send("GET /\(path)\(Self.end)")
                let response = try client.readResponse()
                #expect(response["Content-Length"] == "\(count)")
                let isWhole = response.body == whole
                #expect(isWhole, "\(path)")
            }
            #expect(server.counters.bytesSent == 4 * Int64(count))
        }
    }

    @Test("A file's lease goes back when its bytes are sent, and when the client leaves before")
    func leases() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /file/1000\(Self.end)")
            _ = try client.readResponse()
            let slow = try server.client(receiveBuffer: 4_096)
            try slow.send("GET /file/30000000\(Self.end)")
            #expect(try slow.readHead().status == 200)
            slow.reset()
            #expect(eventually { server.counters.connections == 1 })
            #expect(eventually { LeasedFile.closed.current == LeasedFile.open.current })
        }
    }

    @Test("To HEAD the length is told, and no body follows")
    func head() async throws {
        try await withServer { server in
            let client = try server.client()
            for path in ["bytes/10", "file/10", "pieces/10/3"] {
                try client.send("HEAD /\(path)\(Self.end)")
                let response = try client.readResponse(hasBody: false)
                #expect(response.status == 200 && response["Content-Length"] == "10")
            }
            try client.send("HEAD /stream/10\(Self.end)GET /bytes/3\(Self.end)")
            #expect(try client.readResponse(hasBody: false)["Transfer-Encoding"] == "chunked")
            #expect(try client.readResponse().body == Pattern.array(3))
            #expect(server.counters.bytesSent == 3)
        }
    }

    @Test("A status without body has none, and no length")
    func bodyless() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /empty/1\(Self.end)GET /bytes/3\(Self.end)")
            let response = try client.readResponse()
            #expect(response.status == 204 && response["Content-Length"] == nil)
            #expect(try client.readResponse().body == Pattern.array(3))
        }
    }

    @Test("A body of unknown length comes in chunks, for HTTP/1.0 until the connection's end")
    func streamed() async throws {
        try await withServer { server in
            for count in [1, 4_096, 4_097, 100_000] {
                let client = try server.client()
                try client.send("GET /stream/\(count)\(Self.end)")
                let response = try client.readResponse()
                #expect(response["Transfer-Encoding"] == "chunked" && response["Connection"] == nil)
                #expect(response.body == Pattern.array(count))
                try client.send("GET /stream/\(count) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let old = try client.readResponse()
                #expect(old["Transfer-Encoding"] == nil && old["Connection"] == "close")
                #expect(old.body == Pattern.array(count))
            }
        }
    }

    @Test("HTTP/1.0 keeps the connection only when asked to, and is told so")
    func oldVersion() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /bytes/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try client.readResponse()["Connection"] == "keep-alive")
            try client.send("GET /bytes/3 HTTP/1.0\r\n\r\n")
            #expect(try client.readResponse()["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("Interim responses come before the final one, and never to HTTP/1.0")
    func interim() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /interim\(Self.end)")
            let early = try client.readHead()
            #expect(early.status == 103 && early["Link"] == "</a>")
            #expect(try client.readResponse().body == Pattern.array(3))
            try client.send("GET /interim HTTP/1.0\r\n\r\n")
            #expect(try client.readResponse().status == 200)
        }
    }

    @Test(
        "Fewer bytes than promised, or more, or a file that got shorter, end in a reset",
        arguments: [
            "short", "long", "truncated", "twice",
        ])
    func broken(_ path: String) async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /\(path)\(Self.end)")
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
            #expect(server.counters.aborted == 1)
        }
    }

    @Test("A file that can't be read doesn't end a response as if it were whole")
    func unreadable() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /unreadable HTTP/1.0\r\n\r\n")
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
            #expect(server.counters.aborted == 1)
        }
    }

    @Test("At the end of a request that was cut, it is still known what was sent")
    func sentBeforeTheEnd() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /wait\(Self.end)")
            let request = try #require(server.next())
            request.run { connection in
                var head = connection.head(206)
                connection.begin(&head, .length(10))
                connection.send(Pattern.bytes(3))
                connection.abort()
            }
            #expect(request.sent.read() == [206, 3])
        }
    }

    @Test("What becomes possible when bytes leave is done at once")
    func resumedByLease() async throws {
        try await withServer(tick: .seconds(1_000)) { server in
            let client = try server.client()
            client.setTimeout(10)
            try client.send("POST /budget HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecond")
            #expect(try client.readResponse().text == "first second")
        }
    }

    @Test("The request's body is handed over as fast as the responder takes it")
    func echo() async throws {
        try await withServer { server in
            let client = try server.client()
            let body = Pattern.array(5_000_000)
            // It blocks, and the threads of Swift's tasks are few.
            let sending = PlatformThread(name: "sender") {
                try? client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
                try? client.send(body)
            }
            defer { sending.join() }
            let isWhole = try client.readResponse().body == body
            #expect(isWhole)
        }
    }

    @Test("A body that nothing waited for ends the connection behind the response, in an orderly way")
    func unreadBody() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("POST /bytes/3 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc")
            let response = try client.readResponse()
            #expect(response["Connection"] == "close" && response.body == Pattern.array(3))
            try client.send([UInt8](repeating: 0, count: 997))
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("What comes from another thread for a request that is over is dropped")
    func lateCallback() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /wait\(Self.end)")
            let request = try #require(server.next())
            let callback = Note<@Sendable (String) -> Void>()
            request.run { connection in
                callback.write(
                    connection.callback { text in
                        var head = connection.head(200)
                        connection.respond(&head, Bytes(text))
                    })
            }
            let respond = try #require(callback.read())
            request.respond("first")
            #expect(try client.readResponse().text == "first")
            respond("late")
            try client.send("GET /bytes/3\(Self.end)")
            #expect(try client.readResponse().body == Pattern.array(3))
        }
    }
}

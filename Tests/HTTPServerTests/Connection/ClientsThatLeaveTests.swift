import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Clients that close, leave or hang")
struct ClientsThatLeaveTests {
    private static let end = " HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test("A client that closed its side still gets the responses to what it sent")
    func halfClosed() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /bytes/10\(Self.end)GET /wait\(Self.end)GET /file/100000\(Self.end)")
            client.closeWriting()
            #expect(try client.readResponse().body == Pattern.array(10))
            let request = try #require(server.next())
            #expect(eventually { Self.isInputClosed(request) })
            request.respond("waited")
            // Only the last one says that it is (RFC 9112 §9.6).
            let second = try client.readResponse()
            #expect(second.text == "waited" && second["Connection"] == nil)
            let last = try client.readResponse()
            #expect(last.body == Pattern.array(100_000) && last["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
            #expect(eventually { server.counters.connections == 0 })
        }
    }

    private static func isInputClosed(_ request: WaitingRequest) -> Bool {
        let note = Note<Bool>()
        request.run { note.write($0.machine.isInputClosed) }
        return note.read() == true
    }

    @Test("A request that breaks off within its body is answered at once")
    func brokenBody() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
            let request = try #require(server.next())
            client.closeWriting()
            #expect(request.ended.read() == false)
            #expect(try client.readResponse().status == 400)
            #expect(try client.readToEnd().isEmpty)
        }
    }

    private static let last = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

    @Test("The last response reaches a client that takes longer than the time to linger")
    func slowToTheEnd() async throws {
        try await withServer(configure: { $0.timeouts.linger = .milliseconds(50) }) { server in
            let slow = try server.client(receiveBuffer: 4_096)
            try slow.send("GET /bytes/100000\(Self.last)")
            #expect(try slow.readHead().status == 200)
            // This one has its response, doesn't close its side, and is closed after that time.
            let other = try server.client()
            try other.send("GET /bytes/1\(Self.last)")
            #expect(try !other.readToEnd().isEmpty)
            #expect(eventually { server.counters.connections == 1 })
            #expect(try slow.readToEnd() == Pattern.array(100_000))
            #expect(server.counters.aborted == 0)
        }
    }

    @Test("The end of a drain doesn't cut what the kernel has still to send")
    func slowAtTheEndOfADrain() async throws {
        try await withServer { server in
            let slow = try server.client(receiveBuffer: 4_096)
            try slow.send("GET /bytes/100000\(Self.last)")
            #expect(try slow.readHead().status == 200)
            await server.server.drain(within: .zero)
            #expect(try slow.readToEnd() == Pattern.array(100_000))
        }
    }

    @Test("A client that leaves while its request waits is noticed, whether or not it sent more")
    func leavesWhileWaiting() async throws {
        try await withServer { server in
            for more in ["", "GET /bytes/1\(Self.end)", String(repeating: "GET /bytes/1\(Self.end)", count: 10_000)] {
                let client = try server.client()
                try client.send("GET /wait\(Self.end)")
                let request = try #require(server.next())
                if !more.isEmpty { try client.send(more) }
                client.reset()
                #expect(request.ended.read() == true)
            }
            #expect(eventually { server.counters.connections == 0 })
        }
    }

    @Test("A client may leave in any state")
    func everyState() async throws {
        try await withServer { server in
            let starts = [
                "", "G", "GET /x HTTP/1.1\r\n", "GET /bytes/10\(Self.end)", "GET /bytes/9000000\(Self.end)",
                "GET /file/9000000\(Self.end)", "GET /pieces/9000000/100000\(Self.end)", "GET /wait\(Self.end)",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
                "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                "POST /bytes/3 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", "nonsense\r\n\r\n",
            ]
            for start in starts {
                for isReset in [true, false] {
                    let client = try server.client(receiveBuffer: 8_192)
                    if !start.isEmpty { try client.send(start) }
                    if start.contains("/wait") { _ = try #require(server.next()) }
                    if isReset { client.reset() } else { client.closeWriting() }
                }
            }
            // Without a reset, the request that waits still waits for its end: the drain cuts it.
            #expect(eventually { server.counters.connections <= 1 })
            await server.server.drain(within: .zero)
            #expect(server.counters.connections == 0)
        }
    }

    @Test("A client that reads one byte at a time gets all of it, and holds up no other")
    func oneByteReader() async throws {
        try await withServer { server in
            let slow = try server.client(receiveBuffer: 4_096)
            try slow.send("GET /pieces/8000000/100000\(Self.end)")
            let other = try server.client()
            for index in 0..<200 {
                #expect(try slow.read(exactly: 1).count == 1)
                guard index.isMultiple(of: 20) else { continue }
                try other.send("GET /bytes/10\(Self.end)")
                #expect(try other.readResponse().body == Pattern.array(10))
            }
        }
    }

    @Test("Four thousand connections that are reset at once leave nothing behind")
    func manyResets() async throws {
        try await withServer(loops: 2) { server in
            for _ in 0..<4 {
                let clients = try (0..<1_000).map { _ in try server.client() }
                for (index, client) in clients.enumerated() where index.isMultiple(of: 3) {
                    try client.send("GET /bytes/100\(Self.end)")
                }
                for client in clients { client.reset() }
            }
            #expect(eventually { server.counters.connections == 0 })
            let client = try server.client()
            try client.send("GET /bytes/10\(Self.end)")
            #expect(try client.readResponse().body == Pattern.array(10))
        }
    }
}

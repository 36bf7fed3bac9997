import EventLoops
import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Connections")
struct ConnectionTests {
    @Test(
        "A request that is malformed or ambiguous is refused and ends the connection",
        arguments: Smuggling.overSockets)
    func malformed(_ shape: Smuggling.Shape) async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send(shape.text)
            let response = try client.readResponse()
            #expect(response.status == shape.status)
            #expect(response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A refusal of a well-formed request keeps the connection")
    func refusal() async throws {
        try await withServer { server in
            let client = try server.client()
            for target in ["/path", "ftp://h/", "http://u@h/"] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 404)
                #expect(response.text.hasSuffix(".\n"))
                #expect(response["Connection"] == nil)
            }
            #expect(server.counters.requests == 3)
        }
    }

    @Test("Ten thousand pipelined requests in one go don't pile up on the stack, and none waits for another")
    func manyPipelined() async throws {
        try await withServer { server in
            let client = try server.client()
            let count = 10_000
            Thread.detachNewThread {
                try? client.send(String(repeating: "GET /x HTTP/1.1\r\nHost:a\r\n\r\n", count: count))
            }
            let one = try client.readResponse()
            #expect(one.status == 404)
            for _ in 1..<count { #expect(try client.readResponse().status == 404) }
        }
    }

    @Test("A request in segments of one byte is served, with its body")
    func oneByteSegments() async throws {
        try await withServer { server in
            let client = try server.client()
            for byte in Array("GET /bytes/2 HTTP/1.1\r\nHost: h\r\n\r\n".utf8) { try client.send([byte]) }
            #expect(try client.readResponse().body == Pattern.array(2))
            let text =
                "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n"
            for byte in Array(text.utf8) { try client.send([byte]) }
            let response = try client.readResponse()
            // It begins before the request's end, so it is the last one.
            #expect(response.text == "abc" && response["Connection"] == "close")
        }
    }

    @Test("A connection without a request is closed after a while, in an orderly way, also after a response")
    func idle() async throws {
        try await withServer(configure: {
            $0.timeouts.idle = .milliseconds(300)
            $0.timeouts.head = .milliseconds(50)
        }) { server in
            let fresh = try server.client()
            #expect(try fresh.readToEnd().isEmpty)
            let answered = try server.client()
            try answered.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try answered.readResponse().status == 404)
            #expect(try answered.readToEnd().isEmpty)
        }
    }

    @Test("A request head that doesn't come to its end is 408")
    func slowHead() async throws {
        try await withServer(configure: { $0.timeouts.head = .milliseconds(100) }) { server in
            let client = try server.client()
            try client.send("GET http://h/ HTTP/1.1\r\nHo")
            #expect(try client.readResponse().status == 408)
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A request body that stops coming is 408")
    func slowBody() async throws {
        try await withServer(configure: { $0.timeouts.body = .milliseconds(100) }) { server in
            let client = try server.client()
            try client.send("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123")
            #expect(try client.readResponse().status == 408)
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("The time for a body begins with its request, however long the connection was idle before")
    func lateBody() async throws {
        try await withServer(configure: { $0.timeouts.body = .seconds(1) }) { server in
            let post = "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
            let idle = try server.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try idle.readResponse().status == 404)
            let other = try server.client()
            try other.send(post)
            let slow = try #require(server.next())
            #expect(slow.ended.read() == false)
            try idle.send(post)
            let request = try #require(server.next())
            #expect(request.ticked.read() == true)
            try idle.send("abc")
            request.respond("done")
            #expect(try idle.readResponse().text == "done")
        }
    }

    @Test("A client that pipelines and reads nothing is not answered without end")
    func pipelinesWithoutReading() async throws {
        try await withServer { server in
            let client = try server.client(receiveBuffer: 4_096)
            let count = 300
            func request(_ more: String) -> String { "GET /none/10000 HTTP/1.1\r\nHost:a\r\n\(more)\r\n" }
            try client.send(String(repeating: request(""), count: count - 1) + request("Connection: close\r\n"))
            // The first byte leaves when all is answered that is answered before the client reads.
            #expect(try client.read(exactly: 1).count == 1)
            #expect(server.counters.requests < 100)
            #expect(try client.readToEnd().count > count * 10_000)
            #expect(server.counters.requests == Int64(count))
        }
    }

    @Test("A client that takes no byte of its response is cut")
    func stalled() async throws {
        try await withServer(configure: { $0.timeouts.stall = .milliseconds(200) }) { server in
            let client = try server.client(receiveBuffer: 4_096)
            try client.send("GET /bytes/50000000 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(eventually { server.counters.aborted == 1 })
            #expect(throws: RawClient.Failure.reset) { while try !client.read().isEmpty {} }
        }
    }

    @Test("More connections than allowed are closed at once, and places that get free are used again")
    func limit() async throws {
        try await withServer(configure: { $0.connectionLimit = 1 }) { server in
            let request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
            let first = try server.client()
            try first.send(request)
            #expect(try first.readResponse().status == 404)
            let second = try server.client()
            #expect(throws: RawClient.Failure.reset) { try second.readToEnd() }
            #expect(server.counters.connectionsRefused == 1)
            first.reset()
            #expect(eventually { server.counters.connections == 0 })
            let third = try server.client()
            try third.send(request)
            #expect(try third.readResponse().status == 404)
        }
    }

    @Test("One client address has at most as many connections as it may have")
    func limitPerClient() async throws {
        try await withServer(loops: 2, configure: { $0.connectionsPerClient = 2 }) { server in
            let request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
            let clients = [try server.client(), try server.client()]
            for client in clients {
                try client.send(request)
                #expect(try client.readResponse().status == 404)
            }
            let third = try server.client()
            #expect(throws: RawClient.Failure.reset) { try third.readToEnd() }
            clients[0].reset()
            #expect(eventually { server.counters.connections == 1 })
            let fourth = try server.client()
            try fourth.send(request)
            #expect(try fourth.readResponse().status == 404)
        }
    }

    @Test("Shutting down closes idle connections at once and lets a running request finish")
    func graceful() async throws {
        try await withServer { server in
            let idle = try server.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try idle.readResponse()
            let busy = try server.client()
            try busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            let request = try #require(server.next())
            let ended = Note<Bool>()
            server.server.drain(within: .seconds(30)) { _ in ended.write(true) }
            #expect(try idle.readToEnd().isEmpty)
            // Behind a response that will say "close" nothing is taken any more (RFC 9112 §9.6).
            try busy.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            request.respond("done")
            let response = try busy.readResponse()
            #expect(response.text == "done")
            #expect(response["Connection"] == "close")
            #expect(try busy.readToEnd().isEmpty)
            #expect(ended.read() == true)
            #expect(throws: RawClient.Failure.self) { try server.client() }
        }
    }

    @Test("While it drains, a request behind a response that promised the connection is 503, and the end")
    func draining() async throws {
        try await withServer { server in
            let request = "GET /pieces/16777216/65536 HTTP/1.1\r\nHost: h\r\n\r\n"
            let idle = try server.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try idle.readResponse()
            let busy = try server.client(receiveBuffer: 64 << 10)
            try busy.send(request)
            #expect(try busy.readHead()["Connection"] == nil)
            let ended = Note<Bool>()
            server.server.drain(within: .seconds(30)) { _ in ended.write(true) }
            // The same loop drains both in one go.
            #expect(try idle.readToEnd().isEmpty)
            try busy.send(request)
            #expect(try busy.read(exactly: 16 << 20).count == 16 << 20)
            let refused = try busy.readResponse()
            #expect(refused.status == 503 && refused["X-Dragonfly-Error-Type"] == "proxy")
            #expect(refused["Connection"] == "close")
            #expect(try busy.readToEnd().isEmpty)
            #expect(ended.read() == true)
        }
    }

    @Test("Requests that run longer than the time to shut down are cut")
    func cut() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            let request = try #require(server.next())
            await server.server.drain(within: .milliseconds(50))
            #expect(request.ended.read() == true)
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        }
    }

    @Test("An address that this machine does not have is told in words")
    func foreignAddress() throws {
        let error = #expect(throws: ListenError.self) {
            try TestServer { $0.addresses = [SocketAddress(.v4(0xc000_0201), port: 0)] }
        }
        #expect(
            error?.description == "cannot listen on 192.0.2.1:0: Cannot assign requested address; "
                + "this machine has no such address")
    }

    @Test("A port in use is told in words")
    func portInUse() async throws {
        try await withServer { server in
            let error = #expect(throws: ListenError.self) {
                try TestServer { $0.addresses = [SocketAddress(.v4(0x7f00_0001), port: UInt16(server.port))] }
            }
            #expect(
                error?.description == "cannot listen on 127.0.0.1:\(server.port): Address already in use; "
                    + "choose another port, or 0 for any free one")
        }
    }

    @Test("One server listens at several addresses, of both families")
    func bothFamilies() async throws {
        try await withServer(configure: { $0.addresses.append(SocketAddress(.v6(high: 0, low: 1), port: 0)) }) {
            server in
            #expect(server.server.addresses.count == 2)
            #expect(server.server.addresses[1].isIPv6 && server.server.addresses[1].port > 0)
        }
    }
}

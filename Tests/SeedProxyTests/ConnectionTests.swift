import Foundation
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Connections")
struct ConnectionTests {
    @Test(
        "A request that is malformed or ambiguous is refused and ends the connection",
        arguments: [
            ("GET http://h/ HTTP/1.1\r\n\r\n", 400),
            ("GET http://h/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (
                "POST http://h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400
            ),
            ("POST http://h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
            ("POST http://h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            ("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501),
            ("nonsense\r\n\r\n", 400),
            ("GET http://h/ HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
            ("GET http://h/\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET http://h/ HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
        ])
    func malformed(_ request: String, _ status: Int) async throws {
        try await withHouse { house in
            let client = try house.client()
            try client.send(request)
            let response = try client.readResponse()
            #expect(response.status == status)
            #expect(response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A refusal of a well-formed request keeps the connection")
    func refusal() async throws {
        try await withHouse { house in
            let client = try house.client()
            for target in ["/path", "ftp://h/", "http://u@h/"] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 400)
                #expect(response.text.hasSuffix(".\n"))
                #expect(response["Connection"] == nil)
            }
            #expect(house.server.metrics.refusals.current == 3)
        }
    }

    @Test("Thousands of pipelined requests in one read don't pile up on the stack")
    func manyPipelined() async throws {
        try await withHouse { house in
            let client = try house.client()
            let count = 5000
            Thread.detachNewThread {
                try? client.send(String(repeating: "GET /x HTTP/1.1\r\nHost:a\r\n\r\n", count: count))
            }
            for _ in 0..<count { #expect(try client.readResponse().status == 400) }
        }
    }

    @Test("A connection without a request is closed after a while, in an orderly way, also after an answer")
    func idle() async throws {
        try await withHouse(
            configure: {
                $0.idleTimeout = .milliseconds(300)
                $0.headTimeout = .milliseconds(50)
            },
            { house in
                let fresh = try house.client()
                #expect(try fresh.readToEnd().isEmpty)
                let answered = try house.client()
                try answered.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try answered.readResponse().status == 400)
                #expect(try answered.readToEnd().isEmpty)
            })
    }

    @Test("A request head that doesn't come to its end is 408")
    func slowHead() async throws {
        try await withHouse(configure: { $0.headTimeout = .milliseconds(100) }) { house in
            let client = try house.client()
            try client.send("GET http://h/ HTTP/1.1\r\nHo")
            #expect(try client.readResponse().status == 408)
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("More connections than allowed are closed at once, and places that get free are used again")
    func limit() async throws {
        try await withHouse(configure: { $0.connectionLimit = 1 }) { house in
            let request = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
            let first = try house.client()
            try first.send(request)
            #expect(try first.readResponse().status == 400)
            let second = try house.client()
            #expect(throws: RawClient.Failure.reset) { try second.readToEnd() }
            #expect(house.server.metrics.connectionsRefused.current == 1)
            first.reset()
            #expect(eventually { house.server.metrics.connections.current == 0 })
            let third = try house.client()
            try third.send(request)
            #expect(try third.readResponse().status == 400)
        }
    }

    @Test("Shutting down closes idle connections at once and lets a running request finish")
    func graceful() async throws {
        try await withHouse { house in
            let object = TestObject(count: 1000)
            let idle = try house.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try idle.readResponse()
            let busy = try house.client()
            try busy.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            let transfer = try #require(house.origin.next())
            let ended = Note<Bool>()
            let stopping = Task {
                await house.server.shutdown(within: .seconds(30))
                ended.write(true)
            }
            #expect(try idle.readToEnd().isEmpty)
            // Behind an answer that will say "close" nothing is taken any more (RFC 9112 §9.6).
            try busy.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            object.answer(transfer)
            let response = try busy.readResponse()
            #expect(response.body == object.bytes)
            #expect(response["Connection"] == "close")
            #expect(try busy.readToEnd().isEmpty)
            await stopping.value
            #expect(ended.read() == true)
            #expect(throws: RawClient.Failure.self) { try house.client() }
        }
    }

    @Test("While it drains, a request behind an answer that promised the connection is 503, and the end")
    func draining() async throws {
        try await withHouse(configure: { $0.eventLoops = 1 }) { house in
            let object = TestObject(count: 16 << 20)
            house.serve(object)
            let request = "GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n"
            let idle = try house.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try idle.readResponse()
            let busy = try house.client(receiveBuffer: 64 << 10)
            try busy.send(request)
            #expect(try busy.readHead()["Connection"] == nil)
            let stopping = Task { await house.server.shutdown(within: .seconds(30)) }
            // The same loop drains both in one go.
            #expect(try idle.readToEnd().isEmpty)
            try busy.send(request)
            #expect(object.matches(try busy.read(exactly: object.bytes.count)))
            let refused = try busy.readResponse()
            #expect(refused.status == 503 && refused["X-Dragonfly-Error-Type"] == "proxy")
            #expect(refused["Connection"] == "close" && refused["Retry-After"] != nil)
            #expect(try busy.readToEnd().isEmpty)
            await stopping.value
        }
    }

    @Test("Requests that run longer than the time to shut down are cut")
    func cut() async throws {
        try await withHouse { house in
            let client = try house.client()
            try client.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try #require(house.origin.next())
            await house.server.shutdown(within: .milliseconds(50))
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        }
    }

    @Test("An address that this machine does not have is told in words")
    func foreignAddress() async throws {
        let error = await #expect(throws: ProxyError.self) { try await ProxyHouse { $0.host = "192.0.2.1" } }
        #expect(
            error?.description == "proxy.server: cannot listen on 192.0.2.1:0: Cannot assign requested address; "
                + "this machine has no such address")
    }

    @Test("A port in use is told in words")
    func portInUse() async throws {
        try await withHouse { house in
            let error = await #expect(throws: ProxyError.self) { try await ProxyHouse { $0.port = house.port } }
            #expect(
                error?.description == "proxy.server: cannot listen on 127.0.0.1:\(house.port): Address already in use; "
                    + "choose another port, or 0 for any free one")
        }
    }
}

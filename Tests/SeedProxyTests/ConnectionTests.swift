import Foundation
import HTTPServer
import SeedEngineTestSupport
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

/// What the server core's own tests have with responders of their own, with the proxy and its engine behind it.
@Suite("Connections to the proxy")
struct ConnectionTests {
    @Test(
        "What is no request is refused in this proxy's words, and ends the connection",
        arguments: Smuggling.overSockets)
    func malformed(_ shape: Smuggling.Shape) async throws {
        try await withHarness { harness in
            let client = try harness.client()
            try client.send(shape.text)
            let response = try client.readResponse()
            #expect(response.status == shape.status)
            #expect(response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("CONNECT is refused and ends the connection")
    func connect() async throws {
        try await withHarness { harness in
            let client = try harness.client()
            try client.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 501 && response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A refusal of a well-formed request is counted and keeps the connection")
    func refusal() async throws {
        try await withHarness { harness in
            let client = try harness.client()
            for target in ["/path", "ftp://h/", "http://u@h/"] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 400)
                #expect(response.text.hasSuffix(".\n"))
                #expect(response["Connection"] == nil)
            }
            #expect(harness.server.metrics.refusals.current == 3)
        }
    }

    @Test("Shutting down closes idle connections at once and lets a running fetch finish")
    func graceful() async throws {
        // One loop, so that both connections hear of the end in one turn.
        try await withHarness(loops: 1) { harness in
            let object = TestObject(count: 1000)
            let idle = try harness.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try idle.readResponse()
            let busy = try harness.client()
            try busy.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            let transfer = try #require(harness.origin.next())
            let ended = Note<Bool>()
            let stopping = Task {
                await harness.server.shutdown(within: .seconds(30))
                ended.write(true)
            }
            #expect(try idle.readToEnd().isEmpty)
            // Behind a response that will say "close" nothing is taken any more (RFC 9112 §9.6).
            try busy.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            object.respond(transfer)
            let response = try busy.readResponse()
            #expect(response.body == object.bytes)
            #expect(response["Connection"] == "close")
            #expect(try busy.readToEnd().isEmpty)
            await stopping.value
            #expect(ended.read() == true)
            #expect(throws: RawClient.Failure.self) { try harness.client() }
        }
    }

    @Test("While it drains, a request behind a cached response that promised the connection is 503, and the end")
    func draining() async throws {
        try await withHarness(loops: 1) { harness in
            let object = TestObject(count: 16 << 20)
            harness.serve(object)
            let request = "GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n"
            let idle = try harness.client()
            try idle.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try idle.readResponse()
            let busy = try harness.client(receiveBuffer: 64 << 10)
            try busy.send(request)
            #expect(try busy.readHead()["Connection"] == nil)
            let stopping = Task { await harness.server.shutdown(within: .seconds(30)) }
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

    @Test("While it drains, GET / is 503")
    func drainingProbe() async throws {
        try await withHarness(loops: 1) { harness in
            let object = TestObject(count: 16 << 20)
            harness.serve(object)
            let (idle, busy) = (try harness.client(), try harness.client(receiveBuffer: 64 << 10))
            try busy.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try busy.readHead()
            try idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try idle.readResponse().status == 200)
            let stopping = Task { await harness.server.shutdown(within: .seconds(30)) }
            #expect(try idle.readToEnd().isEmpty)
            try busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try busy.read(exactly: object.bytes.count)
            let probe = try busy.readResponse()
            #expect(probe.status == 503 && probe.body.isEmpty && probe["Retry-After"] != nil)
            await stopping.value
        }
    }

    @Test("Fetches that run longer than the time to shut down are cut")
    func cut() async throws {
        try await withHarness { harness in
            let client = try harness.client()
            try client.send("GET http://h/o HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try #require(harness.origin.next())
            await harness.server.shutdown(within: .milliseconds(50))
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        }
    }

    @Test("An address that this machine does not have is told with the key that names it")
    func foreignAddress() async throws {
        let foreign = try #require(IPAddress("192.0.2.1"))
        let error = #expect(throws: ProxyStartError.self) {
            try ProxyHarness(ProxyHarness.Settings(proxy: { $0.address.ip = foreign }))
        }
        #expect(
            error?.description == "proxy.server: cannot listen on 192.0.2.1:0: Cannot assign requested address; "
                + "this machine has no such address")
    }

    @Test("A port in use is told with the key that names it")
    func portInUse() async throws {
        try await withHarness { harness in
            let error = #expect(throws: ProxyStartError.self) {
                try ProxyHarness(ProxyHarness.Settings(proxy: { $0.address = harness.server.address }))
            }
            #expect(
                error?.description
                    == "proxy.server: cannot listen on 127.0.0.1:\(harness.port): Address already in use; "
                    + "choose another port, or 0 for any free one")
        }
    }
}

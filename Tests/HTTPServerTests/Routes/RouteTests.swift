import EventLoops
import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Routes of the small ports")
struct RouteTests {
    @Test(
        "A path fits with its parameter, or not at all",
        arguments: [
            ("/", "/", ""), ("/healthy", "/healthy", ""), ("/tasks/{id}", "/tasks/a%2Fb", "a%2Fb"),
            ("/tasks/{id}/pin", "/tasks/x/pin", "x"), ("/healthy", "/healthy/", nil), ("/healthy", "/", nil),
            ("/tasks/{id}", "/tasks/", nil), ("/tasks/{id}", "/tasks/a/b", nil),
            ("/tasks/{id}/pin", "/tasks/x/pins", nil),
            ("/tasks/{id}", "/tasks", nil), ("/", "//", nil),
        ] as [(String, String, String?)])
    func paths(_ path: String, _ asked: String, _ parameter: String?) {
        let match = RoutePath(path).match(asked)
        #expect(match.map { $0.parameter ?? "" } == parameter)
    }

    private func withRoutes(_ body: (RawClient) throws -> Void) async throws {
        let group = EventLoopGroup(count: 1, name: "routes")
        let table = RouteTable([
            Route(.get, "/healthy") { _ in RouteResponse(.ok) },
            Route(.get, "/tasks/{id}") { .text("\($0.parameter) \($0.query)") },
            Route(.put, "/tasks/{id}") { .text("put \($0.body)", status: 201) },
            Route(.delete, "/tasks/{id}/pin") { _ in RouteResponse(.noContent) },
            Route(.get, "/dropped") { _, _ in },
            Route(.get, "/later") { _, respond in Thread.detachNewThread { respond(.text("late")) } },
        ])
        let configuration = ServerConfiguration(addresses: [SocketAddress(.v4(0x7f00_0001), port: 0)])
        let server = try Server.start(configuration, loops: group.loops) { _ in RouteApplication(table) }
        let result = Result { try body(RawClient(port: Int(server.addresses[0].port))) }
        await server.drain(within: .zero)
        group.stop()
        try result.get()
    }

    @Test("Routes are found by method and path, HEAD like GET, and answer at once or later")
    func served() async throws {
        try await withRoutes { client in
            func ask(_ line: String, hasBody: Bool = true) throws -> RawResponse {
                try client.send("\(line) HTTP/1.1\r\nHost: h\r\n\r\n")
                return try client.readResponse(hasBody: hasBody)
            }
            let healthy = try ask("GET /healthy")
            #expect(healthy.status == 200 && healthy["Content-Length"] == "0" && healthy["Date"] != nil)
            let task = try ask("GET /tasks/abc?x=1")
            #expect(task.text == "abc x=1" && task["Content-Type"] == "text/plain; charset=utf-8")
            let head = try ask("HEAD /tasks/abc", hasBody: false)
            #expect(head.status == 200 && head["Content-Length"] == "4")
            #expect(try ask("GET http://h/tasks/abc").text == "abc ")
            let deleted = try ask("DELETE /tasks/abc/pin")
            #expect(deleted.status == 204 && deleted["Content-Length"] == nil)
            #expect(try ask("GET /later").text == "late")
            #expect(try ask("GET /dropped").status == 500)
        }
    }

    @Test("What isn't there is 404, and another method 405 with those that are")
    func refused() async throws {
        try await withRoutes { client in
            func ask(_ line: String) throws -> RawResponse {
                try client.send("\(line) HTTP/1.1\r\nHost: h\r\n\r\n")
                return try client.readResponse()
            }
            #expect(try ask("GET /nothing").status == 404)
            let other = try ask("POST /tasks/abc")
            #expect(other.status == 405 && other["Allow"] == "GET, HEAD, PUT")
            #expect(try ask("PUT /healthy")["Allow"] == "GET, HEAD")
            #expect(try ask("OPTIONS *").status == 404)
            let tunnel = try ask("CONNECT h:443")
            #expect(tunnel.status == 501 && tunnel["Connection"] == "close")
        }
    }

    @Test("Bodies are read up to a limit, after 100 when that is waited for")
    func bodies() async throws {
        try await withRoutes { client in
            let put = "PUT /tasks/a HTTP/1.1\r\nHost: h\r\n"
            try client.send(put + "Content-Length: 3\r\n\r\nabc")
            let response = try client.readResponse()
            #expect(response.status == 201 && response.text == "put abc" && response["Connection"] == nil)
            try client.send(put + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.readHead().status == 100)
            try client.send("2\r\nxy\r\n0\r\n\r\n")
            #expect(try client.readResponse().text == "put xy")
            try client.send(put + "Content-Length: 100000\r\n\r\n")
            let refused = try client.readResponse()
            #expect(refused.status == 413 && refused["Connection"] == "close")
        }
    }

    @Test("Another expectation is 417")
    func expectation() async throws {
        try await withRoutes { client in
            try client.send("GET /healthy HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n")
            #expect(try client.readResponse().status == 417)
        }
    }
}

import Foundation
import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Requests that go straight through a proxy of ours (`backend.proxy`)")
struct OriginProxyTests {
    private let object = Array("bytes of the origin".utf8)

    private func withProxy(
        at address: String = "127.0.0.1", as user: String = "", trusting roots: [String] = [],
        allowing allowed: [String] = ["127.0.0.0/8"],
        _ play: @escaping FaultyOrigin.Handler, _ body: (RawClient, FaultyOrigin) throws -> Void
    ) async throws {
        let proxy = try FaultyOrigin(at: address, play)
        defer { proxy.stop() }
        try await withHarness(
            allowing: allowed,
            configure: { $0.rules = [] },
            origins: {
                $0.transfers.certificateAuthorities = roots.first
                $0.transfers.proxy = "http://\(user)" + proxy.url.dropFirst("http://".count)
            },
            { harness in try body(try harness.client(), proxy) })
    }

    @Test("http origins are asked for in absolute form, with the proxy's credentials and not the client's")
    func plain() async throws {
        try await withProxy(
            as: "user:secret@", { [object] request, connection in connection.serve(object, to: request) }
        ) {
            client, proxy in
            try client.send(
                "GET http://origin.invalid/a?x=1 HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic YTpi\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 200 && response.body == object)
            let request = try #require(proxy.requests.first)
            #expect(request.target == "http://origin.invalid/a?x=1")
            #expect(request.headers[values: .proxyAuthorization] == ["Basic dXNlcjpzZWNyZXQ="])
        }
    }

    @Test("https origins are reached by CONNECT, and TLS is spoken with the origin")
    func tunnel() async throws {
        let authority = try TestAuthority()
        let directory = try TemporaryDirectory()
        try Data(object).write(to: URL(filePath: directory.path("object")))
        let nginx = try Nginx(serving: directory.path, identity: authority.identity)
        defer { nginx.stop() }
        try await withProxy(
            as: "user:secret@", trusting: [authority.certificate],
            { request, connection in
                if request.method == "CONNECT" { connection.tunnel(to: nginx.port) }
                connection.cut()
            }
        ) { client, proxy in
            try client.send("GET \(nginx.url)/object HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 200 && response.body == object)
            let request = try #require(proxy.requests.first)
            #expect(request.target == "127.0.0.1:\(nginx.port)")
            #expect(request.headers[.proxyAuthorization] == "Basic dXNlcjpzZWNyZXQ=")
        }
    }

    @Test(
        "A guarded address is never named to the proxy, in no spelling and on neither way",
        arguments: [
            "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "0", "localhost", "LOCALHOST.",
            "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "0xa9fea9fe",
            "metadata.google.internal",
        ])
    func guarded(_ host: String) async throws {
        try await withProxy(at: "127.0.0.2", allowing: ["127.0.0.2/32"], { $1.serve([1], to: $0) }) { client, proxy in
            for request in ["GET", "HEAD", "POST"] {
                let length = request == "POST" ? "Content-Length: 0\r\n" : ""
                try client.send("\(request) http://\(host):8080/x HTTP/1.1\r\nHost: x\r\n\(length)\r\n")
                #expect(try client.readResponse(hasBody: request != "HEAD").status == 403)
            }
            #expect(proxy.requests.isEmpty)
        }
    }

    @Test("A proxy that refuses is told as a failure of the way to the origin", arguments: ["http", "https"])
    func refused(scheme: String) async throws {
        try await withProxy({ _, connection in connection.respond("407 Proxy Authentication Required") }) { client, _ in
            try client.send("GET \(scheme)://origin.invalid/a HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 502)
            #expect(response["x-dragonfly-error-type"] == "backend")
            #expect(response.text.contains("backend.proxy"))
        }
    }

    @Test("An address that the URL names is judged although the proxy dials")
    func guarded() async throws {
        try await withProxy(allowing: [], { [object] request, connection in connection.serve(object, to: request) }) {
            client, proxy in
            try client.send("GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().status == 403)
            #expect(proxy.requests.isEmpty)
        }
    }

    @Test("A user is decoded before it is sent, and a proxy may be named by an IPv6 address")
    func parts() async throws {
        try await withProxy(
            at: "::1", as: "a%40b:c%3Ad@", { [object] request, connection in connection.serve(object, to: request) }
        ) { client, proxy in
            try client.send("GET http://origin.invalid/a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().body == object)
            let request = try #require(proxy.requests.first)
            #expect(request.headers[values: .proxyAuthorization] == ["Basic YUBiOmM6ZA=="])
        }
    }
}

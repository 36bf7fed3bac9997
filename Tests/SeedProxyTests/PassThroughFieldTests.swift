import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Fields of what goes straight through")
struct PassThroughFieldTests {
    @Test("An invalid Max-Forwards is forwarded unchanged", arguments: ["-9223372036854775808", "x", "1"])
    func maxForwards(value: String) async throws {
        try await withPassThroughHarness({ connection in
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

    @Test(
        "What is called as tokens and keys are goes straight through, whatever a rule says",
        arguments: ["X-Auth-Token", "PRIVATE-TOKEN", "X-JFrog-Art-Api", "x-api-key", "X-Session"])
    func proof(name: String) async throws {
        try await withPassThroughHarness(
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

    @Test("Credentials reach the origin untouched; what is about this connection or this cache doesn't")
    func fields() async throws {
        let seen = Note<String>()
        try await withPassThroughHarness({ connection in
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
}

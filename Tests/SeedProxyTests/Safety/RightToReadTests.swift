import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedTestSupport
import Testing

@testable import SeedProxy

/// rule:right-to-read: nothing of an object that is held leaves to a request with a credential. Only the origin can
/// allow that.
@Suite("The right to read what is held")
struct RightToReadTests {
    private struct Question {
        var method = "GET"
        var field: String?
    }

    /// Each would be answered out of the store if it were anonymous: 200, from metadata, 304, 416.
    private static let questions = [
        Question(), Question(method: "HEAD"), Question(field: "If-None-Match: \"one\""),
        Question(field: "Range: bytes=5000-"),
    ]

    @Test(
        "A request with a credential is answered by the origin alone",
        arguments: [
            "Authorization: Bearer t", "Cookie: a=b", "X-Auth-Token: t", "X-Forwarded-User: a",
            "X-Forwarded-Email: a@b",
            "Remote-User: a",
        ])
    func held(_ credential: String) async throws {
        try await withHarness { harness in
            let seen = Note<String>()
            let origin = try LoopbackServer { connection in
                seen.write(try connection.readRequest())
                try connection.send("HTTP/1.1 401 No\r\nX-Own: origin\r\nContent-Length: 0\r\n\r\n")
            }
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            func ask(_ method: String, _ fields: [String]) throws -> RawResponse {
                let lines = (["Host: x"] + fields).map { $0 + "\r\n" }.joined()
                try client.send("\(method) http://127.0.0.1:\(origin.port)/object HTTP/1.1\r\n\(lines)\r\n")
                return try client.readResponse(hasBody: method != "HEAD")
            }
            #expect(object.matches(try ask("GET", []).body))
            #expect(try ask("GET", [])["Cache-Status"] == "seed-peer; hit")
            let fetches = harness.origin.requests.count
            for question in Self.questions {
                let fields = [question.field, credential].compactMap(\.self)
                let response = try ask(question.method, fields)
                #expect(response.status == 401 && response["X-Own"] == "origin", "\(question)")
                #expect(response["Cache-Status"] == "seed-peer; fwd=bypass", "\(question)")
                #expect(response["ETag"] == nil && response["Content-Range"] == nil, "\(question)")
                #expect(response["Content-Length"] == "0" && response.body.isEmpty, "\(question)")
                #expect(response["X-Dragonfly-Task-ID"] == nil && response["Age"] == nil, "\(question)")
                let request = try #require(seen.read())
                #expect(request.hasPrefix("\(question.method) /object HTTP/1.1\n"))
                for field in fields { #expect(request.contains("\n\(field)")) }
            }
            #expect(harness.origin.requests.count == fetches)
            withExtendedLifetime(origin) {}
        }
    }

    @Test("What is fetched for all carries no field that concerns one client's request alone")
    func others() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let fields = [
                "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 1", "Forwarded: host=evil.example", "X-Original-URL: /evil", "X-Rewrite-URL: /evil",
                "X-Request-Id: 1", "X-HTTP-Method: DELETE", "X-HTTP-Method-Override: DELETE", "X-Real-IP: 192.0.2.1",
            ]
            let lines = fields.map { $0 + "\r\n" }.joined()
            let client = try harness.client()
            try client.send("GET http://origin.test/object HTTP/1.1\r\nHost: x\r\nX-Custom: y\r\n\(lines)\r\n")
            #expect(object.matches(try client.readResponse().body))
            let sent = try #require(harness.origin.requests.first).headers.map(\.name.rawName)
            #expect(Set(sent) == ["X-Custom", "Via"])
        }
    }
}

import DragonflyIdentity
import Foundation
import HTTPSemantics
import HTTPServer
import SeedEngineTestSupport
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

/// What Dragonfly's seed client gets wrong on its proxy port, by the numbers of docs/weaknesses.md.
@Suite("What the data port gets right that seed clients get wrong")
struct DataPortFaultTests {
    private func get(_ fields: String..., url: String = "http://origin.test/object") -> String {
        "GET \(url) HTTP/1.1\r\nHost: origin.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test("W3: a range that can't be had is 416, a suffix too long the whole, a foreign unit ignored")
    func w3() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            for (value, status) in [
                ("bytes=1000-", 416), ("bytes=-2000", 206), ("bytes=-0", 416), ("items=0-1", 200), ("bytes=5-2", 200),
                ("BYTES=0-1", 206), ("bytes=007-8", 206),
            ] {
                try client.send(get("Range: \(value)"))
                let response = try client.readResponse()
                #expect(response.status == status, "\(value)")
                if status == 416 { #expect(response["Content-Range"] == "bytes */1000") }
            }
        }
    }

    @Test("W4: a range of an empty object is 416, and no response promises a byte that never comes")
    func w4() async throws {
        try await withNginxHarness { harness in
            let client = try harness.client()
            for (number, range) in ["bytes=0-", "bytes=0-0", "bytes=3-9,7-"].enumerated() {
                let url = "\(harness.nginx.url)/empty-\(number)"
                try harness.write([], to: "empty-\(number)")
                // As the first request, and of an object that is known to be empty.
                for _ in 0..<2 {
                    try client.send(get("Range: \(range)", url: url))
                    let response = try client.readResponse()
                    #expect(response.status == 416 && response["Content-Range"] == "bytes */0", "\(range)")
                    #expect(response.body.isEmpty)
                    // The last bytes of nothing are all of it (RFC 9110 §14.1.2).
                    for field in ["X: y", "Range: bytes=-5"] {
                        try client.send(get(field, url: url))
                        let whole = try client.readResponse()
                        #expect(whole.status == 200 && whole.body.isEmpty && whole["Content-Length"] == "0")
                    }
                }
            }
        }
    }

    @Test("W5: finished is said only of an object of which every byte is held")
    func w5() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 9 << 20)
            harness.serve(object)
            let client = try harness.client()
            for _ in 0..<2 {
                try client.send(get("Range: bytes=0-99"))
                #expect(try client.readResponse()["X-Dragonfly-Task-Download-Finished"] == nil)
            }
            try client.send(get())
            #expect(object.matches(try client.readResponse().body))
            try client.send(get("Range: bytes=0-99"))
            #expect(try client.readResponse()["X-Dragonfly-Task-Download-Finished"] == "true")
        }
    }

    @Test("W6: one client's bad range or refused right leaves the object as it was for the others")
    func w6() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            let client = try harness.client()
            try client.send(get())
            let first = try #require(harness.origin.next())
            first.head(401, [.contentLength: "2", .wwwAuthenticate: "Basic realm=x"])
            _ = first.deliver(Array("no".utf8))
            first.end()
            let refused = try client.readResponse()
            #expect(refused.status == 401 && refused["WWW-Authenticate"] == "Basic realm=x" && refused.text == "no")
            harness.serve(object)
            for (range, status) in [("bytes=5000-", 416), ("bytes=0-9", 206), ("bytes=-0", 416)] {
                try client.send(get("Range: \(range)"))
                #expect(try client.readResponse().status == status)
            }
            try client.send(get())
            #expect(try client.readResponse().body == object.bytes)
        }
    }

    @Test("W9: a response is asked for again when its origin's max-age is over, and not before")
    func w9() async throws {
        for (age, requests) in [("max-age=3600", 1), ("max-age=0", 2)] {
            try await withHarness { harness in
                let object = TestObject(count: 1000, extra: [.cacheControl: age])
                harness.serve(object)
                let client = try harness.client()
                for _ in 0..<2 {
                    try client.send(get())
                    #expect(try client.readResponse().body == object.bytes)
                }
                #expect(harness.origin.requests.count == requests, "\(age)")
            }
        }
    }

    @Test("W10: conditions are answered by us, and never reach the origin as the task's")
    func w10() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            // The very first request has one.
            try client.send(get("If-None-Match: \"one\""))
            #expect(try client.readResponse().status == 304)
            try client.send(get())
            #expect(try client.readResponse().body == object.bytes)
            for request in harness.origin.requests { #expect(request.headers[.ifNoneMatch] == nil) }
        }
    }

    @Test("W11: encodings don't mix: the origin is never asked for one")
    func w11() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            for coding in ["gzip", "br", "identity"] {
                try client.send(get("Accept-Encoding: \(coding)"))
                #expect(try client.readResponse().body == object.bytes)
            }
            #expect(harness.origin.requests.allSatisfy { $0.headers[.acceptEncoding] == nil })
            #expect(harness.origin.requests.count == 1)
        }
    }

    @Test("W12: an object of unknown length streams through")
    func w12() async throws {
        try await withHarness { harness in
            let server = try LoopbackServer { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            }
            harness.play { transfer in
                transfer.head(200, [.eTag: "\"a\""])
                transfer.end(.rejected)
            }
            let client = try harness.client()
            try client.send(get(url: "http://127.0.0.1:\(server.port)/"))
            let response = try client.readResponse()
            #expect(response.status == 200 && response.text == "abc")
            withExtendedLifetime(server) {}
        }
    }

    @Test("W13: fields of one response or one user are not replayed to others")
    func w13() async throws {
        try await withHarness { harness in
            let names = ["Set-Cookie", "Date", "Connection", "Keep-Alive", "X-Private", "Age", "Proxy-Authenticate"]
            var extra: HTTPFields = [
                .connection: "X-Private", .setCookie: "a=b", .date: "Sun, 06 Nov 1994 08:49:37 GMT",
            ]
            for name in ["Keep-Alive", "X-Private", "Age", "Proxy-Authenticate"] {
                extra[HTTPField.Name(name)!] = "7"  // a token
            }
            let object = TestObject(count: 1000, extra: extra)
            harness.serve(object)
            let client = try harness.client()
            for _ in 0..<2 {
                try client.send(get())
                let response = try client.readResponse()
                #expect(response["Date"] != "Sun, 06 Nov 1994 08:49:37 GMT")
                for name in names where name != "Date" && name != "Age" { #expect(response[name] == nil, "\(name)") }
            }
        }
    }

    @Test("W14: the origin's error bodies arrive, and a dead origin is 502 on the direct path too")
    func w14() async throws {
        try await withHarness { harness in
            let client = try harness.client()
            try client.send(get())
            let transfer = try #require(harness.origin.next())
            transfer.head(404, [.contentLength: "4", .contentType: "text/x"])
            _ = transfer.deliver(Array("gone".utf8))
            transfer.end()
            #expect(try client.readResponse().text == "gone")
            try client.send("PUT http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let dead = try client.readResponse()
            #expect(dead.status == 502 && dead["X-Dragonfly-Error-Type"] == "backend" && !dead.body.isEmpty)
        }
    }

    @Test(
        "W15: nothing but the right name and password passes, and they are asked for by 407",
        arguments: [
            "X: y", "Authorization: x", "Proxy-Authorization: x", "Proxy-Authorization: Basic",
            "Proxy-Authorization: Basic ",
            "Proxy-Authorization: Basic dTpw\r\nProxy-Authorization: Basic dTpw", "Proxy-Authorization: Bearer dTpw",
            "Proxy-Authorization: Basic dTpx", "Proxy-Authorization: Basic dTp", "Proxy-Authorization: Basic dTpwdTpw",
            "Proxy-Authorization: Basic %%%%", "Authorization: Basic dTpw",
        ])
    func w15(_ field: String) async throws {
        try await withHarness(
            configure: { $0.basicAuth = BasicAuth(username: "u", password: "p") },
            { harness in
                let client = try harness.client()
                try client.send(get(field))
                let response = try client.readResponse()
                #expect(response.status == 407)
                #expect(response["Proxy-Authenticate"]?.hasPrefix("Basic realm=") == true)
                #expect(response["X-Dragonfly-Error-Type"] == "proxy")
                #expect(harness.origin.requests.isEmpty)
            })
    }

    @Test("W16: no credential and no query value is in any line of the log")
    func w16() async throws {
        let log = RecordingLog()
        try await withHarness(logger: log.logger) { harness in
            harness.serve(TestObject(count: 100))
            let client = try harness.client()
            let requests = [
                get(
                    "Authorization: Bearer hunter2", "Cookie: hunter2",
                    url: "http://127.0.0.1:1/a?X-Amz-Signature=hunter2"),
                get("Proxy-Authorization: Basic hunter2", url: "http://origin.test/b?sig=hunter2"),
                get("X-Dragonfly-Tag: t", url: "http://u:hunter2@origin.test/c"),
                get("X-Dragonfly-Registry: http://u:hunter2@x/", url: "/d?ns=hunter2"),
            ]
            for request in requests {
                try client.send(request)
                let response = try client.readResponse()
                #expect(!response.text.contains("hunter2"))
            }
        }
        #expect(log.text.contains("request"))
        #expect(!log.text.contains("hunter2"), "\(log.text)")
    }

    @Test("W20: a digest that is not hexadecimal is 400, and nothing is made of it")
    func w20() async throws {
        try await withHarness(
            configure: { $0.usesBlobDigest = true },
            { harness in
                let client = try harness.client()
                let length = 64
                for digest in ["../../../../etc/passwd", String(repeating: "z", count: length), "..%2f"] {
                    let text = (digest + String(repeating: "/", count: max(0, length - digest.utf8.count))).prefix(
                        length)
                    try client.send(get(url: "http://origin.test/v2/x/blobs/sha256:\(text)"))
                    let response = try client.readResponse()
                    #expect(response.status == 400 && response["X-Dragonfly-Error-Type"] == "proxy", "\(text)")
                }
                #expect(harness.origin.requests.isEmpty)
            })
    }

    @Test("W21: no client chooses where a file is written")
    func w21() async throws {
        try await withHarness { harness in
            let directory = try TemporaryDirectory()
            let client = try harness.client()
            try client.send(
                get("X-Dragonfly-Output-Path: \(directory.path("out"))", "X-Dragonfly-Force-Hard-Link: true"))
            let response = try client.readResponse()
            #expect(response.status == 403 && response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(!FileManager.default.fileExists(atPath: directory.path("out")))
            #expect(harness.origin.requests.isEmpty)
        }
    }

    @Test("W22: loopback, link-local and metadata addresses can't be reached through us, on either path")
    func w22() async throws {
        try await withNginxHarness(allowing: []) { harness in
            let client = try harness.client()
            for host in ["127.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"] {
                // GET goes through the cache, POST straight through.
                for method in ["GET", "POST"] {
                    try client.send("\(method) http://\(host):9/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                    let response = try client.readResponse()
                    #expect(response.status == 403, "\(method) \(host)")
                    #expect(response["X-Dragonfly-Error-Type"] == "proxy")
                }
            }
        }
    }

    @Test("W24: an idle connection, a slow head and a slow body end in time, and others don't notice")
    func w24() async throws {
        try await withHarness(
            configure: {
                $0.server.timeouts.idle = .milliseconds(400)
                $0.server.timeouts.head = .milliseconds(200)
                $0.server.timeouts.body = .milliseconds(200)
            },
            { harness in
                let server = try LoopbackServer { connection in
                    _ = try connection.readRequest()
                    _ = try connection.readToEnd()
                }
                let (idle, head, second, body) = try (
                    harness.client(), harness.client(), harness.client(), harness.client()
                )
                try head.send("GET http://h/ HTTP/1.1\r\nHost")
                // A part of a head in the same read as a whole request.
                try second.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET /y HT")
                try body.send("PUT http://127.0.0.1:\(server.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
                #expect(try head.readResponse().status == 408)
                #expect(try second.readResponse().status == 400)
                #expect(try second.readResponse().status == 408)
                #expect(try body.readResponse().status == 408)
                #expect(try idle.readToEnd().isEmpty)
                withExtendedLifetime(server) {}
            })
    }

    @Test("W38: HEAD of an object that is held does not reach the origin")
    func w38() async throws {
        try await withHarness { harness in
            harness.serve(TestObject(count: 1000))
            let client = try harness.client()
            try client.send(get())
            _ = try client.readResponse()
            let before = harness.origin.requests.count
            try client.send("HEAD http://origin.test/object HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse(hasBody: false)
            #expect(response.status == 200 && response["Content-Length"] == "1000")
            #expect(harness.origin.requests.count == before)
            #expect(harness.server.metrics.bypasses.current == 0)
        }
    }

    @Test("W44: idle connections don't hold the end back, and neither does a request beyond the limit")
    func w44() async throws {
        try await withHarness { harness in
            let idle = try (0..<50).map { _ in try harness.client() }
            for client in idle {
                try client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try client.readResponse()
            }
            let busy = try harness.client()
            try busy.send(get())
            _ = try #require(harness.origin.next())
            let clock = ContinuousClock()
            let start = clock.now
            await harness.server.shutdown(within: .milliseconds(200))
            #expect(clock.now - start < .seconds(40))
            for client in idle { #expect(try client.readToEnd().isEmpty) }
            #expect(throws: RawClient.Failure.reset) { try busy.readToEnd() }
        }
    }
}

import Foundation
import HTTPSemantics
import HTTPServer
import SeedEngineTestSupport
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Requests that go through the cache")
struct CachedTests {
    private func get(_ url: String = "http://origin.test/object", _ fields: String...) -> String {
        "GET \(url) HTTP/1.1\r\nHost: origin.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test("A whole object is 200, first as a miss and then as a hit, byte for byte")
    func whole() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 700_001)
            harness.serve(object)
            let client = try harness.client()
            try client.send(get())
            let miss = try client.readResponse()
            #expect(miss.status == 200)
            #expect(miss.body == object.bytes)
            #expect(miss["Cache-Status"] == "seed-peer; fwd=miss; stored")
            try client.send(get())
            let hit = try client.readResponse()
            #expect(hit.status == 200)
            #expect(hit.body == object.bytes)
            #expect(hit["Cache-Status"] == "seed-peer; hit")
            #expect(hit["X-Dragonfly-Task-Download-Finished"] == "true")
            #expect(harness.server.metrics.hits.current == 1)
            #expect(harness.server.metrics.misses.current == 1)
            #expect(harness.server.counters.bytesSent == Int64(2 * object.bytes.count))
        }
    }

    @Test("A response carries the origin's representation fields and ours")
    func fields() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            try client.send(get())
            let response = try client.readResponse()
            #expect(response["ETag"] == object.etag)
            #expect(response["Content-Type"] == "application/x-test")
            #expect(response["Content-Length"] == "1000")
            #expect(response["Accept-Ranges"] == "bytes")
            #expect(response["Via"] == "1.1 seed-peer")
            #expect(response["X-Dragonfly-Server-IP"] == "192.0.2.7")
            #expect(response["X-Dragonfly-Task-ID"]?.count == 64)
            #expect(response["Age"].flatMap { Int($0) } ?? -1 >= 0)
            #expect(response["Date"]?.hasSuffix("GMT") == true)
            #expect(response["X-Dragonfly-Error-Type"] == nil)
            for name in ["content-length", "accept-ranges", "date", "etag"] {
                #expect(response.fields.filter { $0.name.lowercased() == name }.count == 1, "\(name)")
            }
        }
    }

    @Test(
        "One range is 206 with its place in the object",
        arguments: [
            ("bytes=0-0", 0, 1), ("bytes=100-299", 100, 300), ("bytes=299000-", 299_000, 300_000),
            ("bytes=-5", 299_995, 300_000), ("bytes=-999999", 0, 300_000), ("bytes=299999-999999", 299_999, 300_000),
        ])
    func range(_ header: String, _ lower: Int, _ upper: Int) async throws {
        try await withHarness { harness in
            let object = TestObject(count: 300_000)
            harness.serve(object)
            let client = try harness.client()
            for _ in 0..<2 {
                try client.send(get("http://origin.test/object", "Range: \(header)"))
                let response = try client.readResponse()
                #expect(response.status == 206)
                #expect(response["Content-Range"] == "bytes \(lower)-\(upper - 1)/300000")
                #expect(response.body == Array(object.bytes[lower..<upper]))
            }
        }
    }

    @Test("A range beyond the end is 416 with the object's length")
    func unsatisfiable() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            try client.send(get())
            _ = try client.readResponse()
            try client.send(get("http://origin.test/object", "Range: bytes=1000-"))
            let response = try client.readResponse()
            #expect(response.status == 416)
            #expect(response["Content-Range"] == "bytes */1000")
            #expect(response["X-Dragonfly-Error-Type"] != nil)
        }
    }

    @Test("The origin's own error is relayed with its body and safe fields")
    func originError() async throws {
        try await withHarness { harness in
            let client = try harness.client()
            try client.send(get())
            let transfer = try #require(harness.origin.next())
            transfer.head(404, [.contentType: "text/x", .contentLength: "4"])
            _ = transfer.deliver(Array("gone".utf8))
            transfer.end()
            let response = try client.readResponse()
            #expect(response.status == 404)
            #expect(response["X-Dragonfly-Error-Type"] == "backend")
            #expect(response["Content-Type"] == "text/x")
            #expect(response.text == "gone")
            try client.send(get("http://origin.test/other"))
            let second = try #require(harness.origin.next())
            #expect(second.request.url == "http://origin.test/other")
            second.end(.failed(OriginError(.badURL, "no")))
            #expect(try client.readResponse().status >= 400)
        }
    }

    @Test(
        "An origin that fails before the head is told by status",
        arguments: [
            (OriginError.Kind.unreachable, 502, "backend"), (.timeout, 504, "backend"), (.blocked, 403, "proxy"),
            (.local, 503, "dfdaemon"),
        ])
    func failsBeforeHead(_ kind: OriginError.Kind, _ status: Int, _ errorType: String) async throws {
        try await withHarness { harness in
            let client = try harness.client()
            try client.send(get())
            // The engine may try again.
            harness.play { $0.end(.failed(OriginError(kind, "It failed."))) }
            let response = try client.readResponse()
            #expect(response.status == status)
            #expect(response["X-Dragonfly-Error-Type"] == errorType)
            #expect(response["Retry-After"] == (status == 503 ? "1" : nil))
        }
    }

    @Test("The first bytes leave before the last ones have come")
    func cutThrough() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 200_000)
            let client = try harness.client()
            try client.send(get())
            let transfer = try #require(harness.origin.next())
            let range = try #require(object.range(of: transfer))
            transfer.head(206, object.fields(for: range))
            let upper = Int(range.upperBound)
            let middle = min(65_536, upper / 2)
            #expect(transfer.deliver(Array(object.bytes[0..<middle])))
            #expect(try client.readHead().status == 200)
            #expect(try client.read(exactly: middle) == Array(object.bytes[0..<middle]))
            #expect(transfer.deliver(Array(object.bytes[middle..<upper])))
            transfer.end()
            harness.serve(object)
            #expect(try client.read(exactly: object.bytes.count - middle) == Array(object.bytes[middle...]))
        }
    }

    @Test("A fill that fails after the head resets the connection")
    func failsAfterHead() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 200_000)
            let client = try harness.client()
            try client.send(get())
            let transfer = try #require(harness.origin.next())
            transfer.head(206, object.fields(for: try #require(object.range(of: transfer))))
            #expect(transfer.deliver(Array(object.bytes[0..<1000])))
            #expect(try client.readHead().status == 200)
            transfer.end(.failed(OriginError(.cut, "It broke off.")))
            harness.play { $0.end(.failed(OriginError(.unreachable, "It is gone."))) }
            #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
            #expect(harness.server.counters.aborted == 1)
        }
    }

    @Test("What cannot be cached is relayed straight from the origin")
    func bypass() async throws {
        try await withHarness { harness in
            let server = try LoopbackServer { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nstraight")
            }
            let client = try harness.client()
            try client.send(get("http://127.0.0.1:\(server.port)/"))
            let transfer = try #require(harness.origin.next())
            #expect(transfer.head(200) == .reject)  // no length
            transfer.end(.rejected)
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(response.text == "straight")
            withExtendedLifetime(server) {}
            #expect(response["Cache-Status"]?.hasPrefix("seed-peer; fwd=bypass; detail=") == true)
        }
    }

    @Test("A request with a credential never reaches the cache")
    func credential() async throws {
        try await withHarness { harness in
            let server = try LoopbackServer { connection in
                let request = try connection.readRequest()
                try connection.send(
                    "HTTP/1.1 \(request.contains("Authorization: a") ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
            }
            let client = try harness.client()
            try client.send(get("http://127.0.0.1:\(server.port)/", "Authorization: a"))
            #expect(try client.readResponse().status == 200)
            #expect(harness.origin.requests.isEmpty)
            withExtendedLifetime(server) {}
        }
    }

    @Test("Pipelined requests are answered in their order, however they are answered")
    func pipelining() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 300_000)
            harness.serve(object)
            let client = try harness.client()
            let requests = (0..<60).map { number in
                switch number % 3 {
                case 0: get("http://origin.test/object", "Range: bytes=\(number)-\(number + 99_999)")
                case 1: get("ftp://nonsense/")
                default: get("http://origin.test/object", "Range: bytes=\(number)-\(number)")
                }
            }
            try client.send(requests.joined())
            for number in 0..<60 {
                let response = try client.readResponse()
                switch number % 3 {
                case 0: #expect(response.body == Array(object.bytes[number..<number + 100_000]))
                case 1: #expect(response.status == 400)
                default: #expect(response.body == [object.bytes[number]])
                }
            }
        }
    }

    @Test("A client that closes its side after its requests gets all the responses, then the end")
    func halfClosed() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 3_000_000)
            harness.serve(object)
            let client = try harness.client()
            try client.send(get() + get())
            client.closeWriting()
            for _ in 0..<2 { #expect(try client.readResponse().body == object.bytes) }
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("HTTP/1.0 clients get lengths, and keep their connection only if they ask for it")
    func oldClients() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000)
            harness.serve(object)
            let client = try harness.client()
            try client.send("GET http://origin.test/object HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let kept = try client.readResponse()
            #expect(kept["Connection"] == "keep-alive")
            #expect(kept.body == object.bytes)
            try client.send("GET http://origin.test/object HTTP/1.0\r\n\r\n")
            let last = try client.readResponse()
            #expect(last["Connection"] == "close")
            #expect(last["Content-Length"] == "1000")
            #expect(last.body == object.bytes)
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A client that doesn't read has a bounded part of its response queued, and gets all of it in the end")
    func slowReader() async throws {
        try await withHarness(loops: 1) { harness in
            let object = TestObject(count: 32 << 20)
            harness.serve(object)
            let warm = try harness.client()
            try warm.send(get())
            #expect(object.matches(try warm.readResponse().body))
            let before = harness.server.counters.bytesSent
            let slow = try harness.client(receiveBuffer: 65_536)
            try slow.send(get())
            #expect(try slow.readHead().status == 200)
            // Turns of the same loop: after some, the slow client's response has got all it can get.
            for _ in 0..<50 {
                try warm.send(get("http://origin.test/object", "Range: bytes=0-0"))
                #expect(try warm.readResponse().body.count == 1)
            }
            let queued = harness.server.counters.bytesSent - before
            #expect(queued > 0 && queued < 16 << 20)  // kernel buffers, and 2 MiB of ours
            #expect(object.matches(try slow.read(exactly: object.bytes.count)))
        }
    }

    /// Head and body together reach the channel's high-water mark before the body alone is a batch to send: the
    /// sending makes room at once, and the response must go on (a wake-up was lost here).
    @Test("Responses that just about fill the queue are sent to their end", arguments: 0..<14)
    func aboutOneBatch(_ step: Int) async throws {
        try await withHarness { harness in
            let object = TestObject(count: 600_000)
            harness.serve(object)
            let client = try harness.client()
            client.setTimeout(10)
            try client.send(get())
            #expect(try client.readResponse().body == object.bytes)
            for lower in [0, 64 << 10, 256 << 10] {
                let upper = lower + (256 << 10) - 100 * step
                try client.send(get("http://origin.test/object", "Range: bytes=\(lower)-\(upper - 1)"))
                #expect(try client.readResponse().body == Array(object.bytes[lower..<upper]))
            }
        }
    }

    @Test("A client that goes away ends its stream")
    func clientGone() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 32 << 20)
            let client = try harness.client()
            try client.send(get("http://origin.test/object", "Range: bytes=0-699999"))
            let transfer = try #require(harness.origin.next())
            transfer.head(206, object.fields(for: try #require(object.range(of: transfer))))
            #expect(transfer.deliver(Array(object.bytes[0..<1000])))
            _ = try client.readHead()
            client.reset()
            #expect(eventually { harness.server.counters.connections == 0 })
            // The block that had begun is still worth having; what follows it isn't.
            #expect(transfer.deliver(Array(object.bytes[1000..<262_144])))
            #expect(transfer.waitForCancel())
        }
    }
}

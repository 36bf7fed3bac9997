import DragonflyIdentity
import Foundation
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedEngineTestSupport
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

/// The rows of the table of responses (docs/http-contract.md) that other suites don't have, over real sockets.
@Suite("The contract")
struct ContractTests {
    static func get(_ fields: String..., method: String = "GET", path: String = "object") -> String {
        "\(method) http://origin.test/\(path) HTTP/1.1\r\nHost: origin.test\r\n" + fields.map { $0 + "\r\n" }.joined()
            + "\r\n"
    }

    /// A harness that holds one object, and a client.
    private func withObject(
        _ object: TestObject, _ body: (ProxyHarness, RawClient) throws -> Void
    ) async throws {
        try await withHarness { harness in
            harness.serve(object)
            let client = try harness.client()
            try client.send(Self.get())
            #expect(object.matches(try client.readResponse().body))
            try body(harness, client)
        }
    }

    @Test("Several ranges: multipart/byteranges, merged, in order, with the length told beforehand")
    func multipart() async throws {
        let object = TestObject(count: 600_000)
        try await withObject(object) { _, client in
            for _ in 0..<2 {
                try client.send(Self.get("Range: bytes=500000-500099,0-99,90-199,-1"))
                let response = try client.readResponse()
                #expect(response.status == 206)
                #expect(response["Content-Range"] == nil)
                #expect(response.fields.filter { $0.name == "Content-Type" }.count == 1)
                let parts = try Multiparts(response)
                #expect(
                    parts.ranges == ["bytes 500000-500099/600000", "bytes 0-199/600000", "bytes 599999-599999/600000"])
                #expect(parts.types == ["application/x-test", "application/x-test", "application/x-test"])
                #expect(parts.bodies[0] == Array(object.bytes[500_000..<500_100]))
                #expect(parts.bodies[1] == Array(object.bytes[0..<200]))
                #expect(parts.bodies[2] == Array(object.bytes[599_999...]))
            }
        }
    }

    @Test("Several ranges of an object that is not held are fetched one after another")
    func multipartCold() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 3_000_000)
            harness.serve(object)
            let client = try harness.client()
            try client.send(Self.get("Range: bytes=100-199,2000000-2000099"))
            let parts = try Multiparts(try client.readResponse())
            #expect(parts.bodies == [Array(object.bytes[100..<200]), Array(object.bytes[2_000_000..<2_000_100])])
        }
    }

    @Test("Ranges that become one, or of which one is left, are a plain 206")
    func singlePart() async throws {
        let object = TestObject(count: 1000)
        try await withObject(object) { _, client in
            for (asked, range) in [("0-9,5-19", "0-19"), ("5000-,3-4", "3-4"), ("0-,0-,0-", "0-999")] {
                try client.send(Self.get("Range: bytes=\(asked)"))
                let response = try client.readResponse()
                #expect(response.status == 206)
                #expect(response["Content-Range"] == "bytes \(range)/1000")
            }
        }
    }

    @Test("Too many ranges: the whole object if it is held, else 416")
    func tooMany() async throws {
        let many = "Range: bytes=" + (0..<100).map { "\($0 * 200)-\($0 * 200)" }.joined(separator: ",")
        let object = TestObject(count: 100_000)
        try await withObject(object) { _, client in
            try client.send(Self.get(many))
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(object.matches(response.body))
        }
        try await withHarness { harness in
            let large = TestObject(count: 40 << 20)
            harness.serve(large)
            let client = try harness.client()
            try client.send(Self.get(many))
            let response = try client.readResponse()
            #expect(response.status == 416)
            #expect(response["Content-Range"] == "bytes */\(large.bytes.count)")
        }
    }

    @Test("A Range that is malformed, of another unit, doubled or not on a GET is ignored")
    func ignoredRange() async throws {
        let object = TestObject(count: 1000)
        try await withObject(object) { _, client in
            for value in ["bytes=9-3", "bytes=x", "lines=0-1", "bytes", "bytes=0-1\r\nRange: bytes=2-3"] {
                try client.send(Self.get("Range: \(value)"))
                let response = try client.readResponse()
                #expect(response.status == 200, "\(value)")
                #expect(response.body == object.bytes)
            }
            try client.send(Self.get("Range: bytes=0-1", method: "HEAD"))
            let head = try client.readResponse(hasBody: false)
            #expect(head.status == 200)
            #expect(head["Content-Length"] == "1000")
        }
    }

    @Test("Conditions are answered from the stored validators, in the order of RFC 9110")
    func conditions() async throws {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        let object = TestObject(
            count: 1000, extra: [.lastModified: date, .cacheControl: "max-age=60", .vary: "Accept-Encoding"])
        try await withObject(object) { harness, client in
            let before = harness.origin.requests.count
            let cases: [(String, Int)] = [
                ("If-None-Match: \"one\"", 304), ("If-None-Match: W/\"one\"", 304), ("If-None-Match: \"two\"", 200),
                ("If-None-Match: *", 304), ("If-Match: \"one\"", 200), ("If-Match: \"two\"", 412),
                ("If-Match: W/\"one\"", 412), ("If-Modified-Since: \(date)", 304),
                ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412), ("If-Unmodified-Since: \(date)", 200),
                ("If-None-Match: \"two\"\r\nIf-Modified-Since: \(date)", 200),
                ("If-Range: \"one\"\r\nRange: bytes=1-2", 206), ("If-Range: \"two\"\r\nRange: bytes=1-2", 200),
                ("If-Range: \(date)\r\nRange: bytes=1-2", 206), ("If-None-Match: \"one\"\r\nRange: bytes=1-2", 304),
                ("If-Match: \"two\"\r\nRange: bytes=1-2", 412), ("If-None-Match: \"one\"\r\nRange: bytes=5000-", 304),
                ("If-None-Match: \"two\"\r\nRange: bytes=5000-", 416), ("If-Range: \"two\"\r\nRange: bytes=5000-", 200),
            ]
            for (fields, status) in cases {
                try client.send(Self.get(fields))
                let response = try client.readResponse()
                #expect(response.status == status, "\(fields)")
                if status == 304 {
                    #expect(response["ETag"] == "\"one\"" && response["Cache-Control"] == "max-age=60")
                    #expect(response["Content-Type"] == nil && response["Content-Length"] == nil)
                }
            }
            #expect(harness.origin.requests.count == before)
        }
    }

    @Test("HEAD is answered from metadata on a hit, and asks the origin by HEAD for an unknown object")
    func head() async throws {
        let object = TestObject(count: 1000)
        try await withObject(object) { harness, client in
            try client.send(Self.get(method: "HEAD") + Self.get("Range: bytes=0-0"))
            let response = try client.readResponse(hasBody: false)
            #expect(response.status == 200)
            #expect(response["Content-Length"] == "1000")
            #expect(response["ETag"] == "\"one\"")
            #expect(response["Cache-Status"] == "seed-peer; hit")
            #expect(response["X-Dragonfly-Task-Download-Finished"] == "true")
            #expect(try client.readResponse().body.count == 1)
            try client.send(Self.get("If-None-Match: \"one\"", method: "HEAD"))
            #expect(try client.readResponse(hasBody: false).status == 304)
            let server = try LoopbackServer { connection in
                let request = try connection.readRequest()
                let status = request.hasPrefix("HEAD /new HTTP/1.1") ? 200 : 500
                try connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 77\r\nX-Own: 1\r\n\r\n")
            }
            try client.send("HEAD http://127.0.0.1:\(server.port)/new HTTP/1.1\r\nHost: x\r\n\r\n")
            let relayed = try client.readResponse(hasBody: false)
            #expect(relayed.status == 200 && relayed["Content-Length"] == "77" && relayed["X-Own"] == "1")
            #expect(harness.origin.requests.allSatisfy { !$0.url.contains("/new") })
        }
    }

    @Test("An origin that refuses HEAD, or tells no length, is asked for one byte instead", arguments: [405, 200])
    func headByGet(_ status: Int) async throws {
        try await withHarness { harness in
            let server = try LoopbackServer { connection in
                let request = try connection.readRequest()
                guard request.hasPrefix("GET ") else {
                    return try connection.send("HTTP/1.1 \(status) X\r\n\r\n")
                }
                guard request.contains("Range: bytes=0-0") else { return }
                try connection.send(
                    "HTTP/1.1 206 P\r\nContent-Range: bytes 0-0/1234\r\nContent-Length: 1\r\nETag: \"e\"\r\n\r\nx")
            }
            let client = try harness.client()
            try client.send("HEAD http://127.0.0.1:\(server.port)/o HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse(hasBody: false)
            #expect(response.status == 200)
            #expect(response["Content-Length"] == "1234")
            #expect(response["ETag"] == "\"e\"")
            #expect(response["Content-Range"] == nil)
            withExtendedLifetime(server) {}
        }
    }

    @Test("OPTIONS * is answered by us, and Max-Forwards counts down")
    func options() async throws {
        try await withHarness { harness in
            let server = try LoopbackServer { connection in
                let request = try connection.readRequest()
                try connection.send(
                    "HTTP/1.1 \(request.contains("Max-Forwards: 1") ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
            }
            let client = try harness.client()
            try client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
            let own = try client.readResponse()
            #expect(own.status == 200 && own["Allow"]?.contains("GET") == true)
            for (forwards, status) in [("2", 200), ("0", 200)] {
                try client.send(
                    "OPTIONS http://127.0.0.1:\(server.port)/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: \(forwards)\r\n\r\n")
                #expect(try client.readResponse().status == status)
            }
            try client.send("TRACE http://127.0.0.1:\(server.port)/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n")
            #expect(try client.readResponse().status == 405)
            try client.send("GET * HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().status == 400)
        }
    }

    @Test("GET and HEAD of / are answered by us: without credentials or a registry, and not as traffic")
    func probe() async throws {
        try await withHarness(configure: {
            $0.registryMirror = "http://127.0.0.1:1"
            $0.basicAuth = BasicAuth(username: "u", password: "p")
            $0.requestRateLimit = 1
        }) { harness in
            let client = try harness.client()
            for method in ["GET", "HEAD", "GET", "HEAD"] {
                try client.send("\(method) / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                let response = try client.readResponse(hasBody: method == "GET")
                #expect(response.status == 200 && response.body.isEmpty && response["X-Dragonfly-Error-Type"] == nil)
            }
            let (metrics, counters) = (harness.server.metrics, harness.server.counters)
            #expect(counters.requests == 0 && counters.bytesSent == 0)
            #expect([metrics.refusals, metrics.hits, metrics.misses, metrics.bypasses].allSatisfy { $0.current == 0 })
            // Everything else is what it was: the mirror's, for those who may ask.
            for target in ["/?ns=x", "//", "/v2/", "http://127.0.0.1:1/"] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                #expect([407, 429].contains(try client.readResponse().status), "\(target)")
            }
            #expect(harness.server.counters.requests == 4)
        }
    }

    @Test("Origin form is the registry mirror: header before parameter before configuration")
    func mirror() async throws {
        let server = try LoopbackServer { connection in
            let line = try connection.readRequest().split(separator: "\n")[0].split(separator: " ")[1]
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n\(line)")
        }
        let registry = "http://127.0.0.1:\(server.port)"
        try await withHarness(
            configure: {
                $0.rules = []
                $0.registryMirror = registry + "/base/"
            },
            { harness in
                let client = try harness.client()
                let encoded = registry.replacing(":", with: "%3A").replacing("/", with: "%2F")
                let cases = [
                    ("/v2/x", "X-Own: 1", "/base/v2/x"),
                    ("/v2/x?a=b", "X-Dragonfly-Registry: \(registry)", "/v2/x?a=b"),
                    ("/v2/x?ns=\(encoded)", "X-Own: 1", "/v2/x?ns=\(encoded)"),
                ]
                for (target, field, path) in cases {
                    try client.send("GET \(target) HTTP/1.1\r\nHost: mirror\r\n\(field)\r\n\r\n")
                    let response = try client.readResponse()
                    #expect(response.status == 200)
                    #expect(response.text == path)
                }
                try client.send("GET /v2/x HTTP/1.1\r\nHost: mirror\r\nX-Dragonfly-Registry: nonsense\r\n\r\n")
                #expect(try client.readResponse().status == 400)
            })
        withExtendedLifetime(server) {}
    }

    @Test("Expect: 100-continue goes on to the origin, whose interim response comes back before the body is sent")
    func expectContinue() async throws {
        try await withHarness { harness in
            let server = try LoopbackServer { connection in
                guard try connection.readRequest().contains("Expect: 100-continue") else { return }
                try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
                let body = try connection.read(exactly: 4)
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
                try connection.send(body)
            }
            let client = try harness.client()
            try client.send(
                "PUT http://127.0.0.1:\(server.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(try client.readHead().status == 100)
            try client.send("body")
            #expect(try client.readResponse().text == "body")
            try client.send("GET http://x/ HTTP/1.1\r\nHost: x\r\nExpect: gold\r\n\r\n")
            #expect(try client.readResponse().status == 417)
            withExtendedLifetime(server) {}
        }
    }

    @Test("Priority, prefetch and the rule's freshness go on to the engine")
    func marks() async throws {
        var configuration = ProxyConfiguration()
        configuration.prefetch = true
        let rule = ProxyRule(immutable: true, revalidateAfter: .seconds(9))
        var factory = TaskRequestFactory(policy: try ProxyPolicy(rules: [rule]), configuration: configuration)
        func request(_ fields: String, range: RangeSpec? = nil) throws -> TaskRequestView? {
            let head = try RequestHead.parsed("GET http://h/a HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
            guard case .cached(let template) = factory.plan(for: head) else { return nil }
            let request = factory.request(from: head, template: template, range: range)
            return TaskRequestView(
                priority: request.priority, prefetches: request.prefetches, isImmutable: request.freshness.isImmutable,
                revalidateAfter: request.freshness.revalidateAfter)
        }
        #expect(try request("")?.priority == .demand)
        #expect(try request("X-Dragonfly-Priority: 3\r\n")?.priority == .prefetch)
        #expect(try request("X-Dragonfly-Priority: 6\r\n")?.priority == .demand)
        #expect(try request("X-Dragonfly-Priority: high\r\n")?.priority == .demand)
        #expect(try request("", range: .from(1))?.prefetches == true)
        #expect(try request("")?.prefetches == false)
        #expect(try request("X-Dragonfly-Prefetch: false\r\n", range: .from(1))?.prefetches == false)
        #expect(try request("")?.isImmutable == true)
        #expect(try request("")?.revalidateAfter == .seconds(9))
    }
}

struct TaskRequestView {
    var priority: OriginPriority
    var prefetches: Bool
    var isImmutable: Bool
    var revalidateAfter: Duration
}

/// A multipart response taken apart.
struct Multiparts {
    var ranges: [String] = []
    var types: [String] = []
    var bodies: [[UInt8]] = []

    init(_ response: RawResponse) throws {
        let type = try #require(response["Content-Type"])
        let boundary = try #require(type.split(separator: "boundary=").last)
        var rest = response.body[...]
        while true {
            let line = Self.line(&rest)
            if line == "--\(boundary)--" { break }
            guard line == "--\(boundary)" else {
                guard line.isEmpty else { throw RawClient.Failure.notHTTP(line) }
                continue
            }
            var count = 0
            while case let field = Self.line(&rest), !field.isEmpty {
                if field.hasPrefix("Content-Type: ") { types.append(String(field.dropFirst(14))) }
                guard field.hasPrefix("Content-Range: ") else { continue }
                ranges.append(String(field.dropFirst(15)))
                let ends = field.split(whereSeparator: { " -/".contains($0) }).compactMap { Int($0) }
                count = ends[1] - ends[0] + 1
            }
            bodies.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        #expect(rest.isEmpty)
    }

    private static func line(_ rest: inout ArraySlice<UInt8>) -> String {
        let end = rest.firstIndex(of: 10) ?? rest.endIndex
        defer { rest = rest[min(end + 1, rest.endIndex)...] }
        return String(decoding: rest[..<end].dropLast(), as: UTF8.self)
    }
}

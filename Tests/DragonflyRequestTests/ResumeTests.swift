import DragonflyRequest
import HTTPSemantics
import SeedTestSupport
import Testing

@Suite("Broken bodies go on at the next seed peer")
struct ResumeTests {
    static let object = GetTests.object
    static let tag = ["ETag: \"v1\""]

    @Test("A stream goes on at the byte where it broke", arguments: FailureTests.brokenBodies.indices)
    func resumes(index: Int) async throws {
        let peers = try FailureTests.peers(brokenOnce: FailureTests.brokenBodies[index].end, fields: Self.tag)
        defer { peers.forEach { $0.stop() } }
        let counters = RequestCounters()
        let client = try EndpointClient(endpoints: peers.map(\.url), configuration: .init(metrics: counters))
        let response = try await client.get(
            GetRequest(url: "http://o/f", timeout: FailureTests.timeout(FailureTests.brokenBodies[index].name)))
        var body: [UInt8] = []
        for try await chunk in response.body { body += chunk }
        #expect(body == Self.object)
        let requests = peers.flatMap(\.requests)
        #expect(requests.count == 2)
        let second = try #require(requests.first { $0.headers[.range] != nil })
        #expect(second.headers[.ifRange] == "\"v1\"")
        let range = try #require(second.range(in: Self.object.count))
        #expect(range.lowerBound > 0 && range.upperBound == Self.object.count)
        #expect(counters.values.resumptions == 1)
        #expect(counters.values.receivedBytes == Self.object.count)
    }

    @Test("A range goes on inside the range, and the caller's conditions are not repeated")
    func range() async throws {
        let first = Counter(1)
        let peer = try FaultyOrigin { request, connection in
            guard first.takeOne() else { return _ = connection.serve(Self.object, to: request, Self.tag) }
            connection.head(
                "206 Partial Content", "Content-Range: bytes 1000-1999/300000", "Content-Length: 1000", "ETag: \"v1\"")
            connection.write(Array(Self.object[1000..<1500]))
            connection.cut()
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var body: [UInt8] = []
        try await client.get(
            GetRequest(url: "http://o/f", headers: [.range: "bytes=1000-1999", .ifNoneMatch: "\"v0\""])
        ) { body += $0 }
        #expect(body.elementsEqual(Self.object[1000..<2000]))
        let second = try #require(peer.requests.last)
        #expect(second.headers[.range] == "bytes=1500-1999")
        #expect(second.headers[.ifNoneMatch] == nil)
    }

    /// What the second response says that must not be taken for the rest.
    static let wrong: [(name: String, head: [String], body: Range<Int>)] = [
        (
            "another version", ["206 Partial Content", "ETag: \"v2\"", "Content-Range: bytes 200000-299999/300000"],
            200_000..<300_000
        ),
        ("no version", ["206 Partial Content", "Content-Range: bytes 200000-299999/300000"], 200_000..<300_000),
        (
            "other bytes", ["206 Partial Content", "ETag: \"v1\"", "Content-Range: bytes 100000-199999/300000"],
            100_000..<200_000
        ),
        (
            "fewer bytes", ["206 Partial Content", "ETag: \"v1\"", "Content-Range: bytes 200000-249999/300000"],
            200_000..<250_000
        ),
        (
            "another length", ["206 Partial Content", "ETag: \"v1\"", "Content-Range: bytes 200000-299999/400000"],
            200_000..<300_000
        ),
        ("the whole object", ["200 OK", "ETag: \"v1\""], 0..<300_000),
        (
            "a malformed range", ["206 Partial Content", "ETag: \"v1\"", "Content-Range: bytes 200000-x/300000"],
            200_000..<300_000
        ),
    ]

    @Test("What is not the rest of the same version ends the stream with an error", arguments: wrong.indices)
    func neverWrongBytes(index: Int) async throws {
        let (name, head, range) = Self.wrong[index]
        let first = Counter(1)
        let peer = try FaultyOrigin { _, connection in
            if first.takeOne() {
                connection.head("200 OK", "Content-Length: 300000", "ETag: \"v1\"")
                connection.write(Array(Self.object.prefix(200_000)))
                connection.cut()
            } else {
                connection.respond(head[0], Array(head.dropFirst()), body: Array(Self.object[range]))
            }
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var body: [UInt8] = []
        await #expect(throws: DragonflyError.self, "\(name)") {
            try await client.get(GetRequest(url: "http://o/f")) { body += $0 }
        }
        #expect(body.elementsEqual(Self.object.prefix(200_000)))
    }

    @Test("A body that ends cleanly before its range does is a broken one, and goes on")
    func shorterThanItsRange() async throws {
        let first = Counter(1)
        let peer = try FaultyOrigin { request, connection in
            guard first.takeOne() else { return _ = connection.serve(Self.object, to: request, Self.tag) }
            let length = "Content-Range: bytes 0-199999/300000"
            connection.respond("206 Partial Content", Self.tag + [length], body: Array(Self.object.prefix(1000)))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var body: [UInt8] = []
        try await client.get(GetRequest(url: "http://o/f", range: 0..<200_000)) { body += $0 }
        #expect(body.elementsEqual(Self.object.prefix(200_000)))
        #expect(peer.requests.last?.headers[.range] == "bytes=1000-199999")
    }

    @Test("A body that is longer than its range gives no byte beyond it")
    func longerThanItsRange() async throws {
        let peer = try FaultyOrigin { _, connection in
            let range = "Content-Range: bytes 0-999/300000"
            connection.respond("206 Partial Content", Self.tag + [range], body: Array(Self.object.prefix(2000)))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var body: [UInt8] = []
        await #expect(throws: DragonflyError.self) {
            try await client.get(GetRequest(url: "http://o/f", range: 0..<1000)) { body += $0 }
        }
        #expect(body.count <= 1000)
        var buffer: [UInt8] = [3]
        await #expect(throws: DragonflyError.self) {
            try await client.get(GetRequest(url: "http://o/f", range: 0..<1000), into: &buffer)
        }
        #expect(buffer == [3])
    }

    @Test("Versions are told apart by octets that are no text, too", arguments: [true, false])
    func versionsOfOctets(isSame: Bool) async throws {
        let peer = try FaultyOrigin { request, connection in
            let range = request.headers.contains(.ifRange) ? 500..<1000 : 0..<1000
            let last: UInt8 = range.lowerBound == 0 || isSame ? 0xfe : 0xff
            connection.write("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes \(range.lowerBound)-999/1000\r\n")
            connection.write(Array("Content-Length: \(range.count)\r\nETag: \"".utf8) + [0xfe, last])
            connection.write(Array("\"\r\n\r\n".utf8) + Self.object[range.lowerBound..<range.lowerBound + 500])
            if range.lowerBound == 0 { connection.cut() }
        }
        defer { peer.stop() }
        let body = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f")).body
        var bytes: [UInt8] = []
        do {
            for try await chunk in body { bytes += chunk }
            #expect(isSame && bytes == Array(Self.object[..<1000]))
        } catch {
            #expect(!isSame && bytes == Array(Self.object[..<500]), "\(error)")
        }
        #expect(peer.requests.count == 2)
    }

    @Test("A weak ETag, the caller's setting and exhausted retries prevent it")
    func notResumed() async throws {
        let cases: [(fields: [String], configuration: ClientConfiguration)] = [
            (["ETag: W/\"v1\""], .init()), (Self.tag, .init(resumesBrokenBodies: false)),
            (Self.tag, .init(retry: RetryPolicy(maxRetries: 0))),
        ]
        for (fields, configuration) in cases {
            let peers = try FailureTests.peers(brokenOnce: { $0.cut() }, fields: fields)
            defer { peers.forEach { $0.stop() } }
            let client = try EndpointClient(endpoints: peers.map(\.url), configuration: configuration)
            await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: "http://o/f")) { _ in } }
            #expect(peers.map(\.requests.count).reduce(0, +) == 1)
        }
    }

    @Test("It goes on over several breaks, as long as retries are left")
    func severalBreaks() async throws {
        let peer = try FaultyOrigin { request, connection in
            let range = request.range(in: Self.object.count) ?? 0..<Self.object.count
            connection.head(
                request.headers[.range] == nil ? "200 OK" : "206 Partial Content", "Content-Length: \(range.count)",
                "ETag: \"v1\"", "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(Self.object.count)")
            connection.write(Array(Self.object[range].prefix(70_000)))
            if range.count > 70_000 { connection.cut() }
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 4)))
        var buffer: [UInt8] = []
        try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
        #expect(buffer == Self.object)
        #expect(peer.requests.count == 5)
    }
}

import DragonflyRequest
import HTTPSemantics
import SeedTestSupport
import Testing

@Suite("A get through one seed peer")
struct GetTests {
    static let object = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }

    @Test("The body comes in chunks, whole and in order")
    func wholeBody() async throws {
        let peer = try FaultyOrigin { request, connection in connection.serve(Self.object, to: request) }
        defer { peer.stop() }
        let response = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f"))
        #expect(response.status == 200)
        #expect(response.head.endpoint == peer.url)
        #expect(response.head.contentLength == 300_000)
        var body: [UInt8] = []
        for try await chunk in response.body { body += chunk }
        #expect(body == Self.object)
    }

    @Test("A range is asked for and appended to what the buffer holds")
    func range() async throws {
        let peer = try FaultyOrigin { request, connection in connection.serve(Self.object, to: request) }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var buffer: [UInt8] = [1, 2, 3]
        let head = try await client.get(GetRequest(url: "http://o/f", range: 100..<200), into: &buffer)
        #expect(head.status == 206)
        #expect(head.contentRange?.range == 100..<200)
        #expect(head.contentRange?.completeLength == 300_000)
        #expect(buffer == [1, 2, 3] + Self.object[100..<200])
        #expect(peer.requests.first?.headers[.range] == "bytes=100-199")
    }

    @Test("The writer form hands over every chunk")
    func writer() async throws {
        let peer = try FaultyOrigin { request, connection in connection.serve(Self.object, to: request) }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var body: [UInt8] = []
        try await client.get(GetRequest(url: "http://o/f")) { body += $0 }
        #expect(body == Self.object)
    }

    @Test(
        "The URL reaches the seed peer byte for byte, in absolute form",
        arguments: [
            "http://origin.test/a//b/../c/./%7e%2F%zz?b=2&a=1&&a=%20+;x",
            "http://origin.test", "http://origin.test?q", "http://ORIGIN.test:80/", "HTTP://origin.test/x",
            "http://origin.test:8080/{a}|^`\"<>[]\\x?{}|^\\'", "http://origin.test/é/e\u{301}?ü", "http://[::1]:8080/x",
            "http://origin.test/?", "http://origin.test/a?b?c/d",
        ])
    func exactURL(url: String) async throws {
        let peer = try FaultyOrigin { _, connection in connection.respond() }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        _ = try await client.get(GetRequest(url: url))
        let request = try #require(peer.requests.first)
        #expect(request.target.utf8.elementsEqual(url.utf8))
        let authority = url.split(separator: "/", omittingEmptySubsequences: false)[2].prefix { $0 != "?" }
        #expect(request.headers[HTTPField.Name("Host")!] == String(authority))
    }

    @Test("The fragment stays at home")
    func fragment() async throws {
        let peer = try FaultyOrigin { _, connection in connection.respond() }
        defer { peer.stop() }
        _ = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f?a#b?c"))
        #expect(peer.requests.first?.target == "http://o/f?a")
    }

    @Test("Neither compression nor anything else is asked for that the caller didn't")
    func noAddedFields() async throws {
        let peer = try FaultyOrigin { _, connection in connection.respond() }
        defer { peer.stop() }
        let fields: HTTPFields = [.userAgent: "test", .connection: "upgrade", .contentLength: "7"]
        _ = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f", headers: fields))
        let sent = try #require(peer.requests.first?.headers.map(\.name.canonicalName).sorted())
        #expect(
            sent == [
                "host", "user-agent", "x-dragonfly-enable-task-id-based-blob-digest",
                "x-dragonfly-filtered-query-params", "x-dragonfly-use-p2p",
            ])
    }

    @Test("A compressed body is handed over as it is")
    func noDecompression() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.respond("200 OK", ["Content-Encoding: gzip"], body: [1, 2, 3])
        }
        defer { peer.stop() }
        var buffer: [UInt8] = []
        let head = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f"), into: &buffer)
        #expect(buffer == [1, 2, 3])
        #expect(head.headers[.contentEncoding] == "gzip")
    }

    @Test(
        "What cannot be sent is refused",
        arguments: [
            GetRequest(url: ""), GetRequest(url: "/f"), GetRequest(url: "ftp://o/f"), GetRequest(url: "http://"),
            GetRequest(url: "http://o/a b"), GetRequest(url: "http://o/f\r\nX: y"), GetRequest(url: "http://u:p@o/f"),
            GetRequest(url: "http://o:99999/f"), GetRequest(url: "http:o/f"), GetRequest(url: "https://ö.test/f"),
            GetRequest(url: "http://o/f", tag: "a\nb"), GetRequest(url: "http://o/f", application: " a"),
            GetRequest(url: "http://o/f", contentForCalculatingTaskID: "a\0"),
            GetRequest(url: "http://o/f", filteredQueryParams: ["a,b"]),
            GetRequest(url: "http://o/f", range: 5..<5), GetRequest(url: "http://o/f", range: -5..<5),
            GetRequest(url: "http://o/f", timeout: .zero),
        ])
    func refused(request: GetRequest) async throws {
        let peer = try FaultyOrigin { _, connection in connection.respond() }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        let error = await #expect(throws: DragonflyError.self) { try await client.get(request) }
        #expect(error?.kind == "invalid argument", "\(String(describing: error))")
        #expect(peer.acceptedConnections == 0)
    }

    @Test("Connections are used again, and one that has ended is replaced without an error")
    func reuse() async throws {
        let peer = try FaultyOrigin { request, connection in
            connection.serve(Self.object, to: request)
            // The third response of a connection is its last.
            if request.target.hasSuffix("last") { connection.cut() }
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
        for name in ["1", "2", "last", "4", "5"] {
            var buffer: [UInt8] = []
            try await client.get(GetRequest(url: "http://o/\(name)"), into: &buffer)
            #expect(buffer == Self.object)
        }
        #expect(peer.acceptedConnections == 2)
    }

    /// Answers once on each connection, and counts those that its clients have closed.
    private static func closing(_ closed: Box<Int>) throws -> FaultyOrigin {
        try FaultyOrigin { _, connection in
            connection.respond(body: [1])
            if connection.waitForClose(within: 30) { closed.update { $0 += 1 } }
        }
    }

    @Test(
        "Unused connections are closed: at once where none is kept, after their time, and by shutdown", arguments: 0..<3
    )
    func closesUnused(index: Int) async throws {
        let closed = Box(0)
        let peer = try Self.closing(closed)
        defer { peer.stop() }
        let configuration: ClientConfiguration =
            [.init(idleConnectionsPerPeer: 0), .init(idleConnectionTimeout: .milliseconds(100)), .init()][index]
        let client = try EndpointClient(endpoints: [peer.url], configuration: configuration)
        for round in 1...2 {
            var buffer: [UInt8] = []
            try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
            #expect(buffer == [1])
            if index == 2, round == 1 { client.shutdown() }
            let isClosed = try await blocking { eventually { closed.value == round } }
            #expect(isClosed)
        }
        #expect(peer.acceptedConnections == 2)
    }

    @Test("A lent client is ended with its requests: a body that is read later breaks, and nothing is sent any more")
    func lent() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK", "Content-Length: 2")
            connection.write([1])
            connection.stall()
        }
        defer { peer.stop() }
        let limit = Duration.seconds(Patience.seconds(20))
        let request = GetRequest(url: "http://o/f", timeout: limit)
        let (client, response) = try await withDragonflyClient(
            discovery: FixedDiscovery("127.0.0.1:\(peer.port)"), refresh: RefreshPolicy(healthCheck: .none),
            configuration: .init(firstByteTimeout: limit)
        ) { client in (client, try await client.get(request)) }
        let broken = await #expect(throws: DragonflyError.self) { for try await _ in response.body {} }
        #expect("\(broken, default: "-")".contains("the client has ended"))
        let late = await #expect(throws: DragonflyError.self) { try await client.get(request) }
        #expect("\(late, default: "-")".contains("the client has ended"))
        #expect(peer.requests.count == 1)
    }

    @Test("Hits are counted by Cache-Status")
    func hits() async throws {
        let responses = [
            "seed-peer; hit", "seed-peer; fwd=uri-miss", "o; hit, seed-peer;fwd=partial; stored",
            "seed-peer; fwd=bypass",
            "\"a, b; hit\"; fwd=miss", "x", "o; fwd=miss, \"y;\\\"\"; hit;ttl=3",
        ]
        let peer = try FaultyOrigin { request, connection in
            let index = Int(request.target.split(separator: "/").last ?? "") ?? 0
            connection.respond("200 OK", ["Cache-Status: \(responses[index])"])
        }
        defer { peer.stop() }
        let counters = RequestCounters()
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(metrics: counters))
        var found: [DragonflyRequest.CacheStatus?] = []
        for index in responses.indices {
            found.append(try await client.get(GetRequest(url: "http://o/\(index)")).head.cacheStatus)
        }
        #expect(found == [.hit, .miss, .miss, .bypass, .miss, nil, .hit])
        #expect(counters.values.hits == 2)
        #expect(counters.values.misses == 3)
        #expect(counters.values.bypasses == 1)
        #expect(counters.values.attemptsByEndpoint == [peer.url: 7])
    }

    @Test("What a seed peer says of the task is at hand")
    func dragonflyFields() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.respond(
                "200 OK",
                [
                    "X-Dragonfly-Task-ID: abc", "X-Dragonfly-Server-IP: 10.0.0.1",
                    "X-Dragonfly-Task-Download-Finished: true",
                ])
        }
        defer { peer.stop() }
        let head = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f")).head
        #expect(head.taskID == "abc")
        #expect(head.serverIP == "10.0.0.1")
        #expect(head.isTaskDownloadFinished)
    }
}

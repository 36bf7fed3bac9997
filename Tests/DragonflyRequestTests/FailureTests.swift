import DragonflyRequest
import HTTPSemantics
import SeedTestSupport
import Testing

@Suite("Failures of seed peers")
struct FailureTests {
    static let object = GetTests.object

    /// A status, whom it comes from, and whether it is worth a retry.
    static let statuses: [(status: Int, type: String?, isRetried: Bool)] =
        ["backend", "proxy", "dfdaemon", nil, "other"].flatMap { type in
            [
                (300, type, false), (302, type, false), (304, type, false), (400, type, false), (401, type, false),
                (403, type, false), (404, type, false), (407, type, false), (408, type, true), (412, type, false),
                (414, type, false), (416, type, false), (422, type, false), (429, type, true), (431, type, false),
                (500, type, true), (501, type, true), (502, type, true), (503, type, true), (504, type, true),
                (507, type, true), (508, type, true), (599, type, true),
            ]
        }

    @Test("Every status: whose error it is, and whether the next seed peer is asked", arguments: statuses)
    func status(status: Int, type: String?, isRetried: Bool) async throws {
        let refused = Counter(1)
        let peers = try (0..<2).map { _ in
            try FaultyOrigin { request, connection in
                guard refused.takeOne() else { return _ = connection.serve(Self.object, to: request) }
                let fields = (type.map { ["X-Dragonfly-Error-Type: \($0)"] } ?? []) + ["Location: http://other/"]
                connection.respond("\(status) Refused", fields, body: status == 304 ? [] : Array("why".utf8))
            }
        }
        defer { peers.forEach { $0.stop() } }
        let client = try EndpointClient(endpoints: peers.map(\.url))
        if isRetried {
            var buffer: [UInt8] = []
            try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
            #expect(buffer == Self.object)
            #expect(peers.map(\.requests.count) == [1, 1])
        } else {
            let error = await #expect(throws: DragonflyError.self) {
                try await client.get(GetRequest(url: "http://o/f"))
            }
            #expect(error?.kind == (type == nil || type == "other" ? "proxy" : type))
            #expect(error?.refusal?.status == status)
            #expect(error?.refusal?.headers[.location] == "http://other/")
            if type != nil, type != "other", status != 304 { #expect(error?.refusal?.message == "why") }
            #expect(peers.map(\.requests.count).reduce(0, +) == 1)
        }
    }

    /// What a bad seed peer does with its first request.
    static let bad: [(name: String, act: FaultyOrigin.Handler)] = [
        ("closes at once", { _, connection in connection.cut() }),
        ("resets at once", { _, connection in connection.reset() }),
        (
            "answers garbage",
            { _, connection in
                _ = connection.write("no HTTP\r\n\r\n"); connection.cut()
            }
        ),
        (
            "answers binary garbage",
            { _, connection in
                _ = connection.write([UInt8](0...255)); connection.cut()
            }
        ),
        (
            "answers another protocol",
            { _, connection in
                _ = connection.write("SSH-2.0-x\r\n"); connection.cut()
            }
        ),
        (
            "cuts its head",
            { _, connection in
                _ = connection.write("HTTP/1.1 200 OK\r\nContent-Le"); connection.cut()
            }
        ),
        (
            "says two lengths",
            { _, connection in
                connection.head("200 OK", "Content-Length: 5", "Content-Length: 6"); connection.cut()
            }
        ),
        ("hangs before its head", { _, connection in connection.stall() }),
        (
            "hangs in its head",
            { _, connection in
                _ = connection.write("HTTP/1.1 200 OK\r\n"); connection.stall()
            }
        ),
    ]

    @Test("A seed peer that gives no response is passed over", arguments: bad.indices)
    func noResponse(index: Int) async throws {
        let first = Counter(1)
        let peers = try (0..<2).map { _ in
            try FaultyOrigin { request, connection in
                guard !first.takeOne() else { return Self.bad[index].act(request, connection) }
                connection.serve(Self.object, to: request)
            }
        }
        defer { peers.forEach { $0.stop() } }
        let client = try EndpointClient(endpoints: peers.map(\.url))
        var buffer: [UInt8] = []
        try await client.get(GetRequest(url: "http://o/f", timeout: Self.timeout(Self.bad[index].name)), into: &buffer)
        #expect(buffer == Self.object, "\(Self.bad[index].name)")
        #expect(peers.map(\.requests.count) == [1, 1])
    }

    @Test("Without another seed peer the failure is told", arguments: bad.indices)
    func told(index: Int) async throws {
        let peer = try FaultyOrigin(Self.bad[index].act)
        defer { peer.stop() }
        let counters = RequestCounters()
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(metrics: counters))
        let hangs = Self.bad[index].name.hasPrefix("hangs")
        let request = GetRequest(url: "http://o/f", timeout: hangs ? .seconds(1) : .seconds(30))
        let error = await #expect(throws: DragonflyError.self) { try await client.get(request) }
        #expect(
            error?.kind == (hangs ? "request_timeout" : "internal"),
            "\(String(describing: error))")
        #expect(error?.isRetryable == true)
        #expect(counters.values.attempts == 2)
    }

    @Test("A refused connection is skipped, and reported if no other seed peer is left")
    func refusedConnection() async throws {
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        let good = try FaultyOrigin { request, connection in connection.serve(Self.object, to: request) }
        defer { good.stop() }
        for _ in 1...8 {
            let response = try await EndpointClient(endpoints: [gone.url, good.url]).get(GetRequest(url: "http://o/f"))
            #expect(response.head.endpoint == good.url)
        }
        let alone = try EndpointClient(endpoints: [gone.url])
        let error = await #expect(throws: DragonflyError.self) { try await alone.get(GetRequest(url: "http://o/f")) }
        #expect(error?.kind == "internal")
        #expect(error?.description.contains(gone.url) == true)
    }

    /// Short only where nothing else ends an attempt.
    static func timeout(_ name: String) -> Duration { name.hasPrefix("hang") ? .seconds(6) : .seconds(30) }

    /// How a body ends that says to have 300,000 bytes.
    static let brokenBodies: [(name: String, end: @Sendable (FaultyConnection) -> Void)] = [
        ("cut", { $0.cut() }), ("reset", { $0.reset() }), ("hanging", { $0.stall() }),
    ]

    @Test("The buffer form fetches a broken body anew, after exactly two connections", arguments: brokenBodies.indices)
    func bufferRolledBack(index: Int) async throws {
        let peers = try Self.peers(brokenOnce: Self.brokenBodies[index].end)
        defer { peers.forEach { $0.stop() } }
        let client = try EndpointClient(endpoints: peers.map(\.url))
        var buffer: [UInt8] = [7]
        try await client.get(
            GetRequest(url: "http://o/f", timeout: Self.timeout(Self.brokenBodies[index].name)), into: &buffer)
        #expect(buffer == [7] + Self.object)
        #expect(peers.map(\.acceptedConnections) == [1, 1])
    }

    @Test("The stream form ends with an error, after one connection", arguments: brokenBodies.indices)
    func streamEnds(index: Int) async throws {
        let peers = try Self.peers(brokenOnce: Self.brokenBodies[index].end)
        defer { peers.forEach { $0.stop() } }
        let client = try EndpointClient(endpoints: peers.map(\.url))
        let response = try await client.get(
            GetRequest(url: "http://o/f", timeout: Self.timeout(Self.brokenBodies[index].name)))
        var body: [UInt8] = []
        let error = await #expect(throws: DragonflyError.self) {
            for try await chunk in response.body { body += chunk }
        }
        #expect(error?.kind == (Self.brokenBodies[index].name == "hanging" ? "request_timeout" : "internal"))
        #expect(body.elementsEqual(Self.object.prefix(body.count)))
        #expect(peers.map(\.acceptedConnections).reduce(0, +) == 1)
    }

    @Test("A buffer is as it was when the last attempt fails too")
    func bufferRestored() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK", "Content-Length: 300000")
            connection.write(Array(Self.object.prefix(200_000)))
            connection.cut()
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 3)))
        var buffer: [UInt8] = [1, 2]
        await #expect(throws: DragonflyError.self) {
            try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
        }
        #expect(buffer == [1, 2])
        #expect(peer.requests.count == 4)
    }

    @Test("A chunked body without its last chunk is an error, not an end")
    func cutChunks() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK", "Transfer-Encoding: chunked")
            connection.write("5\r\nhello\r\n")
            connection.cut()
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
        var buffer: [UInt8] = []
        await #expect(throws: DragonflyError.self) {
            try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
        }
        #expect(buffer.isEmpty)
    }

    @Test("Bytes beyond the Content-Length are not taken for a body, and end the connection")
    func surplus() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK", "Content-Length: 5")
            connection.write("hello, and more")
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        for _ in 1...2 {
            var buffer: [UInt8] = []
            try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
            #expect(buffer == Array("hello".utf8))
        }
    }

    @Test("A long refusal is cut, and a hanging one not waited for")
    func longRefusals() async throws {
        let peer = try FaultyOrigin { request, connection in
            connection.head("404 Not Found", "X-Dragonfly-Error-Type: backend", "Content-Length: 200000")
            connection.write([UInt8](repeating: 65, count: 100_000))
            if request.target.hasSuffix("hangs") { connection.stall() }
            connection.write([UInt8](repeating: 65, count: 100_000))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        for url in ["http://o/f", "http://o/hangs"] {
            let error = await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: url)) }
            #expect(error?.refusal?.message.utf8.count == 65_536)
        }
    }

    @Test("Pauses are kept between attempts, and a cancellation ends them")
    func backoff() async throws {
        let peer = try FaultyOrigin { _, connection in connection.respond("503 Busy") }
        defer { peer.stop() }
        let backoff = Backoff.exponential(initial: .milliseconds(40), factor: 2, jitter: false)
        let client = try EndpointClient(
            endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 2, backoff: backoff)))
        let time = await ContinuousClock().measure {
            await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: "http://o/f")) }
        }
        #expect(time >= .milliseconds(120))

        let patient = try EndpointClient(
            endpoints: [peer.url],
            configuration: .init(
                retry: RetryPolicy(backoff: .exponential(initial: .seconds(300), maximum: .seconds(300), jitter: false))
            ))
        let waiting = Task { try await patient.get(GetRequest(url: "http://o/f")) }
        #expect(try await blocking { peer.waitForRequests(4) })
        waiting.cancel()
        await #expect(throws: DragonflyError.cancelled) { _ = try await waiting.value }
    }

    /// Two seed peers that hold one object without an ETag; the first response breaks off.
    static func peers(
        brokenOnce end: @escaping @Sendable (FaultyConnection) -> Void, fields: [String] = []
    ) throws -> [FaultyOrigin] {
        let first = Counter(1)
        return try (0..<2).map { _ in
            try FaultyOrigin { request, connection in
                guard first.takeOne() else { return _ = connection.serve(object, to: request, fields) }
                connection.write(
                    (["HTTP/1.1 200 OK", "Content-Length: \(object.count)"] + fields).joined(separator: "\r\n")
                        + "\r\n\r\n")
                connection.write(Array(object.prefix(200_000)))
                end(connection)
            }
        }
    }
}

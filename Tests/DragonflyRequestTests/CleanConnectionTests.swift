import DragonflyRequest
import SeedTestSupport
import Testing

/// rule:clean-connections: what a seed peer sends beside its responses never reaches another get of the same client.
@Suite("Clean connections")
struct CleanConnectionTests {
    private static let response = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    private static let evil = response + "EVIL"

    /// What a seed peer sends on one of its connections: its number, four digits long.
    private static func body(_ number: Int) -> String { String("000\(number)".suffix(4)) }

    private static func get(_ client: EndpointClient) async throws -> String {
        var buffer: [UInt8] = []
        try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    private static func client(of peer: FaultyOrigin) throws -> EndpointClient {
        try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
    }

    @Test(
        "What comes after a response was taken, when nothing is asked, ends the connection",
        arguments: [
            evil, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4\r\nContent-Length: 4\r\n\r\nEVIL",
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 20", "\r\n", "E",
        ])
    func unasked(stray: String) async throws {
        let (isTaken, isSent) = (Note<Bool>(), Note<Bool>())
        let peer = try FaultyOrigin { request, connection in
            connection.respond(body: Array(Self.body(request.connection).utf8))
            guard request.connection == 0 else { return }
            _ = isTaken.read()
            isSent.write(connection.write(stray))
        }
        defer { peer.stop() }
        let client = try Self.client(of: peer)
        #expect(try await Self.get(client) == "0000")
        isTaken.write(true)
        #expect(try await blocking { isSent.read() } == true)
        for _ in 0..<3 { #expect(try await Self.get(client) == "0001") }
        #expect(peer.acceptedConnections == 2)
        #expect(peer.requests.count == 4)
    }

    @Test("A seed peer that closes in the moment of reuse fails no get, and none arrives more than twice")
    func closesAtReuse() async throws {
        let peer = try ClosingServer()
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
        for round in 0..<ClosingServer.rounds {
            var buffer: [UInt8] = []
            let url = "http://o/\(round)"
            try await client.get(GetRequest(url: url), into: &buffer)
            #expect(buffer == Array(url.utf8))
        }
        client.shutdown()
        try await blocking { peer.stop() }
        #expect(peer.arrivals.count == ClosingServer.rounds && peer.arrivals.values.allSatisfy { $0 <= 2 })
        #expect(peer.closes >= ClosingServer.rounds / 2)
    }

    @Test(
        "What comes right behind a response ends the connection",
        arguments: [
            response + "{n}EVIL", response + "{n}" + evil,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{n}\r\n0\r\n\r\n" + evil,
        ])
    func surplus(response: String) async throws {
        let peer = try FaultyOrigin { request, connection in
            let text = request.connection == 0 ? response : Self.response + "{n}"
            let parts = text.split(separator: "{n}", omittingEmptySubsequences: false)
            connection.write(parts.joined(separator: Self.body(request.connection)))
        }
        defer { peer.stop() }
        let client = try Self.client(of: peer)
        #expect(try await Self.get(client) == "0000")
        for _ in 0..<3 { #expect(try await Self.get(client) == "0001") }
        #expect(peer.acceptedConnections == 2)
    }
}

import DragonflyRequest
import SeedTestSupport
import Testing

@Suite("Many gets through one client", .serialized)
struct LoadTests {
    private static func range(_ index: Int) -> Range<Int64> { Int64(index * 200)..<Int64(index * 200 + 1500) }

    private static func isRight(_ index: Int, _ client: EndpointClient) async throws -> Bool {
        var buffer: [UInt8] = []
        try await client.get(GetRequest(url: "http://o/f", range: range(index)), into: &buffer)
        return buffer.elementsEqual(GetTests.object[Int(range(index).lowerBound)..<Int(range(index).upperBound)])
    }

    @Test("1,000 at once are all under way, and get their own bytes")
    func atOnce() async throws {
        let count = 1000
        let peer = try FaultyOrigin { request, connection in
            connection.stall()
            connection.serve(GetTests.object, to: request)
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
        let gets = Task {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<count { group.addTask { try await Self.isRight(index, client) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        #expect(try await blocking { peer.waitForRequests(count, within: 60) })
        peer.release()
        #expect(try await gets.value == count)
        #expect(peer.requests.count == count)
    }

    @Test("1,000 one after the other, 10,000 with SEED_SOAK, go over one connection")
    func inSequence() async throws {
        let count = Seeded.isSoak ? 10_000 : 1000
        let peer = try FaultyOrigin { request, connection in connection.serve(GetTests.object, to: request) }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
        for index in 0..<count { #expect(try await Self.isRight(index % 1000, client)) }
        #expect(peer.acceptedConnections == 1)
    }
}

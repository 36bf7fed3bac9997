import DragonflyRequest
import SeedTestSupport
import Testing

@Suite("Bodies: back-pressure, cancelling, dropping")
struct BodyTests {
    private static let small = [UInt8](repeating: 2, count: 1 << 20)

    /// Writes for ever, and counts; has a small object, too.
    private static func endless(_ written: @escaping @Sendable (Int) -> Void) throws -> FaultyOrigin {
        try FaultyOrigin { request, connection in
            if request.target.hasSuffix("small") { return _ = connection.respond(body: small) }
            connection.head("200 OK", "Content-Length: \(1 << 40)")
            let chunk = [UInt8](repeating: 1, count: 64 << 10)
            while connection.write(chunk) { written(chunk.count) }
        }
    }

    @Test("A reader that doesn't read holds the sender back")
    func backPressure() async throws {
        let written = Box(0)
        let peer = try Self.endless { count in written.update { $0 += count } }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var iterator = try await client.get(GetRequest(url: "http://o/f")).body.makeAsyncIterator()
        _ = try await iterator.next()
        // 128 MiB come for others meanwhile. Of the body that nobody reads there is what socket buffers and ours hold.
        for _ in 0..<128 {
            var buffer: [UInt8] = []
            try await client.get(GetRequest(url: "http://o/small"), into: &buffer)
            #expect(buffer.count == Self.small.count)
        }
        let held = written.value
        #expect(held < 64 << 20, "memory grows without a bound")
        // Once somebody reads, the sender goes on.
        var taken = 0
        while taken <= held, let chunk = try await iterator.next() { taken += chunk.count }
        #expect(taken > held)
    }

    @Test("Cancelling the task that waits for a head ends the request")
    func cancelHead() async throws {
        let isClosed = Note<Bool>()
        let peer = try FaultyOrigin { _, connection in
            isClosed.write(connection.waitForClose(within: 25))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        let task = Task { try await client.get(GetRequest(url: "http://o/f")) }
        #expect(try await blocking { peer.waitForRequests(1) })
        task.cancel()
        await #expect(throws: DragonflyError.cancelled) { _ = try await task.value }
        #expect(try await blocking { isClosed.read() } == true)
        #expect(peer.requests.count == 1, "a cancelled request is not tried again")
    }

    @Test("Cancelling the task that reads a body ends the request")
    func cancelBody() async throws {
        let isClosed = Note<Bool>()
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK", "Content-Length: 10")
            connection.write("abc")
            isClosed.write(connection.waitForClose(within: 25))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        let started = Signal()
        let count = Box(0)
        let task = Task {
            for try await chunk in try await client.get(GetRequest(url: "http://o/f")).body {
                count.update { $0 += chunk.count }
                started.notify()
            }
        }
        let isStarted = try await blocking { started.wait(within: 25) { count.value == 3 ? true : nil } }
        #expect(isStarted == true)
        task.cancel()
        await #expect(throws: DragonflyError.cancelled) { try await task.value }
        #expect(try await blocking { isClosed.read() } == true)
    }

    @Test("A body that is dropped ends the request")
    func dropped() async throws {
        let isClosed = Note<Bool>()
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK", "Content-Length: 10")
            isClosed.write(connection.waitForClose(within: 25))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        _ = try await client.get(GetRequest(url: "http://o/f"))
        #expect(try await blocking { isClosed.read() } == true)
    }

    @Test("A body is read once")
    func once() async throws {
        let peer = try FaultyOrigin { _, connection in connection.respond(body: [1, 2, 3]) }
        defer { peer.stop() }
        let body = try await EndpointClient(endpoints: [peer.url]).get(GetRequest(url: "http://o/f")).body
        for try await _ in body {}
        await #expect(throws: DragonflyError.self) { for try await _ in body {} }
    }

    @Test("A body without a length ends with its connection, one without a body at once")
    func framing() async throws {
        let peer = try FaultyOrigin { request, connection in
            if request.target.hasSuffix("empty") { return _ = connection.head("204 No Content") }
            connection.head("200 OK")
            connection.write("hello")
            connection.cut()
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        var buffer: [UInt8] = []
        #expect(try await client.get(GetRequest(url: "http://o/empty"), into: &buffer).status == 204)
        #expect(buffer.isEmpty)
        try await client.get(GetRequest(url: "http://o/f"), into: &buffer)
        #expect(buffer == Array("hello".utf8))
    }

    @Test("A writer that fails ends the request with its own error")
    func failingWriter() async throws {
        struct Full: Error {}
        let peer = try Self.endless { _ in }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        await #expect(throws: Full.self) { try await client.get(GetRequest(url: "http://o/f")) { _ in throw Full() } }
        #expect(peer.requests.count == 1)
    }

    @Test("Many requests at once, over one client")
    func concurrent() async throws {
        let object = GetTests.object
        let peers = try (0..<3).map { _ in try FaultyOrigin { $1.serve(object, to: $0) } }
        defer { peers.forEach { $0.stop() } }
        let client = try EndpointClient(endpoints: peers.map(\.url))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let range = Int64(index * 1000)..<Int64(index * 1000 + 1500)
                    var buffer: [UInt8] = []
                    try await client.get(GetRequest(url: "http://o/f", range: range), into: &buffer)
                    return buffer.elementsEqual(object[Int(range.lowerBound)..<Int(range.upperBound)])
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Streams past the store: responses without room in it")
struct DirectStreamTests {
    private static let length = 5 << 20

    /// A client that has the first 1000 bytes when the room ends.
    private func reading(isSequential: Bool = false) throws -> (EngineHarness, Client) {
        let harness = try EngineHarness { $0.maxRetries = 1 }
        let client = try harness.open()
        #expect(client.step(within: 0.05) == nil)
        let transfer = try #require(harness.origin.next())
        if isSequential {
            transfer.head(200, [.eTag: "\"v1\"", .contentLength: "\(Self.length)"])
        } else {
            transfer.respond(length: Self.length, upTo: 0)
        }
        _ = transfer.send(0..<1000)
        client.read(1000)
        try harness.loseRoom()
        transfer.end(.cancelled)
        return (harness, client)
    }

    /// Takes what is there.
    private func drain(_ client: Client) -> PieceStream.Step {
        while true {
            let step = client.stream.next(limit: 1 << 20, from: .memory)
            guard case .bytes(let extent) = step else { return step }
            client.took(extent)
        }
    }

    @Test("A span at a time, under If-Range, each asked for when the one before is taken")
    func spans() throws {
        let (harness, client) = try reading()
        defer { harness.close() }
        for _ in 0..<3 {
            guard case .wait = drain(client) else { Issue.record("no wait"); return }
            let transfer = try #require(harness.origin.next())
            #expect(transfer.request.condition == .ifRange("\"v1\""))
            #expect(transfer.asked.lowerBound == client.bytes.count)
            #expect(Int64(transfer.asked.count) <= DirectBuffer.window)
            transfer.serve(length: Self.length)
        }
        guard case .end = drain(client) else { Issue.record("no end"); return }
        #expect(client.bytes == objectBytes(0..<Self.length))
        #expect(harness.origin.requests.count == 1 + 3)
        #expect(harness.engine.counters.directStreams.current == 1)
    }

    @Test("A cut is resumed at its byte after a pause; a second one in a row fails the stream")
    func cut() throws {
        let (harness, client) = try reading()
        defer { harness.close() }
        _ = drain(client)
        let first = try #require(harness.origin.next())
        first.respond(length: Self.length, upTo: 5000)
        first.end(.failed(OriginError(.cut, "cut")))
        _ = drain(client)
        let second = try #require(harness.origin.next())
        #expect(client.bytes == objectBytes(0..<5000))
        #expect(second.asked.lowerBound == 5000)
        second.end(.failed(OriginError(.cut, "cut")))
        guard case .failed(let error) = client.step() else { Issue.record("not failed"); return }
        #expect(error.kind == .originFailed)
    }

    @Test("Bytes of another version never leave")
    func changed() throws {
        let (harness, client) = try reading()
        defer { harness.close() }
        _ = drain(client)
        let transfer = try #require(harness.origin.next())
        #expect(transfer.head(200, [.eTag: "\"v2\"", .contentLength: "\(Self.length)"]) == .reject)
        transfer.end(.rejected)
        guard case .failed(let error) = client.step() else { Issue.record("not failed"); return }
        #expect(error.kind == .changed)
        #expect(client.bytes.count == 1000)
    }

    @Test("An origin without ranges sends all in one request, which pauses while the window is full")
    func sequential() throws {
        let (harness, client) = try reading(isSequential: true)
        defer { harness.close() }
        _ = drain(client)
        let transfer = try #require(harness.origin.next())
        #expect(transfer.head(200, [.eTag: "\"v1\"", .contentLength: "\(Self.length)"]) != .reject)
        var sent = 0
        while sent < Self.length {
            let end = min(sent + 100_000, Self.length)
            if transfer.receive(objectBytes(sent..<end)) == .taken {
                sent = end
            } else {
                #expect(sent >= Int(DirectBuffer.window))
                _ = drain(client)
            }
        }
        transfer.end()
        guard case .end = drain(client) else { Issue.record("no end"); return }
        #expect(client.bytes == objectBytes(0..<Self.length))
        #expect(harness.origin.requests.count == 2)
    }

    @Test("A client that leaves ends its request")
    func cancelled() throws {
        let (harness, client) = try reading()
        defer { harness.close() }
        _ = drain(client)
        let transfer = try #require(harness.origin.next())
        client.stream.close()
        #expect(transfer.isCancelled)
        transfer.end(.cancelled)
    }

    @Test(
        "What was given out but could not be read is fetched again, also if it was the last", arguments: [false, true])
    func unread(isLast: Bool) {
        var driver = MachineDriver()
        driver.known(length: 8 << 20, first: 1 << 20)
        var cursor = driver.open(.bounded(first: 0, last: isLast ? (1 << 20) - 1 : (8 << 20) - 1))
        _ = driver.poll(&cursor)
        let before = cursor
        #expect(driver.poll(&cursor, limit: 1 << 20) == .bytes(ByteRange(0, 1 << 20)))
        // The pages are not in memory: the stream stays where it is until a store thread has read them.
        cursor = before
        guard let generation = driver.machine.generation else { Issue.record("unknown"); return }
        driver.machine.audience.want(
            Demand(
                cursor, .of("http://origin/object"), wanted: ByteRange(1 << 20, isLast ? 1 << 20 : 8 << 20), window: 1),
            for: cursor.id)
        driver.machine.settle(cursor.id, .direct(generation), &driver.output)
        _ = driver.orders()
        guard case .direct = driver.poll(&cursor) else { Issue.record("not past the store"); return }
        #expect(driver.orders().map(\.range?.lowerBound) == [0])
    }

    @Test("A stream that goes with its last byte leaves no failure behind")
    func goneReader() {
        var driver = MachineDriver { $0.maxRetries = 0 }
        driver.known(length: 8 << 20)
        var cursor = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&cursor)
        guard let generation = driver.machine.generation else { Issue.record("unknown"); return }
        driver.machine.settle(cursor.id, .direct(generation), &driver.output)
        _ = driver.orders()
        _ = driver.poll(&cursor)
        let flight = driver.orders()[0].id
        driver.close(cursor)
        driver.ended(flight, .failed(.shortResponse, .later))
        #expect(!driver.machine.fills.isBackingOff && driver.takeChanges().isEmpty)
    }

    @Test("What came twice is taken once")
    func overlap() {
        let buffer = DirectBuffer(from: 10)
        for start in [10, 5, 12, 20] {
            let taken = objectBytes(start..<start + 10).withUnsafeBytes { buffer.offer($0, at: Int64(start)) {} }
            #expect(taken == .taken)
        }
        var bytes: [UInt8] = []
        while let more = buffer.take() { bytes += Array(more) }
        #expect(bytes == objectBytes(10..<30))
    }
}

extension EngineHarness {
    /// The first stream of the first task goes on past the store.
    fileprivate func loseRoom() throws {
        let task = try #require(engine.table.find(Self.key(1)))
        task.handle { state, output in
            guard let generation = state.machine.generation else { return }
            state.machine.completion.stop()
            state.machine.settle(1, .direct(generation), &output)
        }
    }
}

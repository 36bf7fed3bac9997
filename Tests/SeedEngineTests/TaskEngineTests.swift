import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedEngine
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Task engine over a real store")
struct TaskEngineTests {
    private let length = 3_000_000

    @Test("A miss streams through while it is stored; the second request needs no origin; nor does it after a restart")
    func missThenHit() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open()
        #expect(client.step(within: 0.05) == nil)
        let transfer = try #require(harness.origin.next())
        #expect(transfer.request.condition == .none)
        transfer.serve(length: length)
        guard case .end = client.readAll() else { Issue.record("not the end"); return }
        #expect(client.bytes == objectBytes(0..<length))
        #expect(client.head?.cacheStatus == .miss(collapsed: false))
        #expect(client.head?.headers[.contentType] == "application/test")
        client.stream.close()

        let second = try harness.open()
        guard case .end = second.readAll() else { Issue.record("not the end"); return }
        #expect(second.bytes == objectBytes(0..<length))
        #expect(second.head?.cacheStatus == .hit)
        #expect(second.head?.isFinished == true)
        second.stream.close()

        try harness.restart()
        let third = try harness.open(.bounded(first: 1_000_000, last: 1_999_999))
        guard case .end = third.readAll() else { Issue.record("not the end"); return }
        #expect(third.bytes == objectBytes(1_000_000..<2_000_000))
        #expect(third.head?.cacheStatus == .hit)
        #expect(harness.origin.requests.count == 1)
    }

    @Test("Byte n leaves before byte n+1 has come from the origin")
    func cutThrough() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        transfer.respond(length: length, upTo: 0)
        for at in [0, 1, 2, 300_000, 300_001] {
            _ = transfer.send(client.bytes.count..<at + 1)
            client.read(at + 1)
            #expect(client.bytes.count == at + 1)
        }
        #expect(client.bytes == objectBytes(0..<300_002))
        transfer.end(.failed(OriginError(.cut, "cut")))
    }

    @Test("A late joiner reads what has arrived and goes on with the same flight")
    func lateJoiner() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let first = try harness.open()
        _ = first.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        transfer.respond(length: length, upTo: 1_000_000)
        first.read(1_000_000)
        let late = try harness.open()
        late.read(1_000_000)
        #expect(late.head?.cacheStatus == .miss(collapsed: true))
        _ = transfer.send(1_000_000..<length)
        transfer.end()
        for client in [first, late] {
            guard case .end = client.readAll() else { Issue.record("not the end"); return }
            #expect(client.bytes == objectBytes(0..<length))
        }
        #expect(harness.origin.requests.count == 1)
    }

    @Test("A flight that dies is resumed at its byte, under If-Range, for all its readers")
    func resumed() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let clients = [try harness.open(), try harness.open()]
        for client in clients { _ = client.step(within: 0.05) }
        let transfer = try #require(harness.origin.next())
        transfer.respond(length: length, upTo: 777_777)
        transfer.end(.failed(OriginError(.cut, "cut")))
        for client in clients { client.read(777_777) }
        let second = try #require(harness.origin.next())
        #expect(second.asked == 777_777..<length)
        #expect(second.request.condition == .ifRange("\"v1\""))
        second.serve(length: length)
        for client in clients {
            guard case .end = client.readAll() else { Issue.record("not the end"); return }
            #expect(client.bytes == objectBytes(0..<length))
        }
    }

    @Test("An open circuit is waited for while that is short; else the client is told at once")
    func leftAlone() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let short = OriginError(.circuitOpen, "left alone", retryAfter: .milliseconds(1))
        try #require(harness.origin.next()).end(.failed(short))
        let long = OriginError(.circuitOpen, "left alone", retryAfter: .seconds(6))
        try #require(harness.origin.next()).end(.failed(long))
        guard case .failed(let error) = client.readAll() else { Issue.record("not failed"); return }
        #expect(error.kind == .originUnreachable)
        #expect(harness.origin.requests.count == 2)
    }

    @Test("An object that changed in the middle fails the reader, and the next one gets the new bytes only")
    func changed() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        transfer.respond(length: length, upTo: 500_000)
        client.read(500_000)
        transfer.end(.failed(OriginError(.cut, "cut")))
        let second = try #require(harness.origin.next())
        #expect(second.head(412) == .reject)
        second.end(.rejected)
        let question = try #require(harness.origin.next())
        #expect(question.request.condition == .ifNoneMatch("\"v1\""))
        #expect(question.head(200, [.eTag: "\"v2\"", .contentLength: "100"]) == .reject)
        question.end(.rejected)
        guard case .failed(let error) = client.readAll() else { Issue.record("not failed"); return }
        #expect(error.kind == .changed)

        let fresh = try harness.open()
        _ = fresh.step(within: 0.05)
        let third = try #require(harness.origin.next())
        third.head(
            206,
            [
                .contentRange: "bytes 0-99/100", .contentLength: "100", .eTag: "\"v2\"",
            ])
        _ = third.deliver([UInt8](repeating: 9, count: 100))
        third.end()
        guard case .end = fresh.readAll() else { Issue.record("not the end"); return }
        #expect(fresh.bytes == [UInt8](repeating: 9, count: 100))
    }

    @Test("The file of an old generation goes with its last reader, also when the new one brought no byte")
    func oldFile() throws {
        let harness = try EngineHarness { $0.maxRetries = 0 }
        defer { harness.close() }
        let first = try harness.open()
        harness.play(first, length: length)
        harness.store.flush()
        #expect(harness.store.contentBytes > 0)
        let reader = try harness.open()
        reader.read(1)
        harness.clock.pass(.milliseconds(301_000))
        let next = try harness.open()
        _ = next.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        #expect(transfer.request.condition == .ifNoneMatch("\"v1\""))
        let fields: HTTPFields = [
            .contentRange: "bytes 0-\(length - 1)/\(length)", .contentLength: "\(length)", .eTag: "\"v2\"",
        ]
        guard case .accept = transfer.head(206, fields) else { Issue.record("not accepted"); return }
        transfer.end(.failed(OriginError(.cut, "cut")))
        let isFailed = eventually {
            // Whoever asks again gets no byte either.
            harness.origin.next(within: 0.001)?.end(.failed(OriginError(.cut, "cut")))
            guard case .failed = next.step(within: 0.001) else { return false }
            return true
        }
        #expect(isFailed)
        #expect(harness.store.contentBytes > 0, "somebody still reads it")
        reader.stream.close()
        #expect(eventually(within: 10) { harness.store.contentBytes == 0 })
    }

    @Test("A block that rotted on disk is fetched again before a byte of it leaves; the others need no origin")
    func rot() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        try #require(harness.origin.next()).serve(length: length)
        _ = client.readAll()
        client.stream.close()
        harness.close()
        try harness.damage(at: 600_000)
        try harness.restart()
        let again = try harness.open()
        again.read(2 * 262_144)
        let transfer = try #require(harness.origin.next())
        #expect(transfer.asked == 2 * 262_144..<3 * 262_144)
        transfer.serve(length: length)
        guard case .end = again.readAll() else { Issue.record("not the end"); return }
        #expect(again.bytes == objectBytes(0..<length))
        #expect(harness.origin.requests.count == 2)
    }

    @Test("The origin's own error goes to the clients of the first contact, with its body, and is not stored")
    func originError() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        transfer.head(404, [.contentType: "text/plain"])
        _ = transfer.deliver(Array("nothing here".utf8))
        transfer.end()
        guard case .origin(let response) = client.step() else { Issue.record("no answer"); return }
        #expect(response.status == 404)
        #expect(response.body.description == "nothing here")
        client.stream.close()
        let second = try harness.open()
        _ = second.step(within: 0.05)
        let again = harness.origin.next()
        #expect(again != nil)
        #expect(try harness.store.taskCount() == 0)
        again?.end(.cancelled)
    }

    @Test("A slow disk pauses the transfer; memory for received bytes stays bounded")
    func receiveQueueBound() throws {
        let harness = try EngineHarness { $0.receiveQueueLength = 200_000 }
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        // All store threads are busy: nothing is written.
        let gate = Signal()
        let isOpen = Flag()
        for _ in 0..<8 { harness.store.threads.run { _ = gate.wait(within: 20) { isOpen.isSet ? true : nil } } }
        transfer.respond(length: length, upTo: 0)
        var taken = 0
        while transfer.receive(objectBytes(taken..<taken + 50_000)) == .taken { taken += 50_000 }
        #expect(taken <= 250_000)
        #expect(transfer.isPaused)
        isOpen.set()
        gate.notify()
        #expect(transfer.waitForResume())
        _ = transfer.send(taken..<length)
        transfer.end()
        guard case .end = client.readAll() else { Issue.record("not the end"); return }
        #expect(client.bytes == objectBytes(0..<length))
    }

    @Test("Flights that fill one piece side by side leave a record of all its blocks")
    func recordsOfSharedPiece() throws {
        let harness = try EngineHarness { $0.spanLength = 1 << 20 }
        defer { harness.close() }
        let length = 16 << 20
        let client = try harness.open(pieceLength: Int64(length))
        _ = client.step(within: 0.05)
        try #require(harness.origin.next()).serve(length: length)
        let reader = Thread { _ = client.readAll() }
        reader.start()
        while !client.isAtEnd, let transfer = harness.origin.next(within: 2) {
            Thread.detachNewThread { transfer.serve(length: length) }
        }
        #expect(client.ended.wait(within: 20) { client.isAtEnd ? true : nil } == true)
        harness.engine.shutdown()
        harness.store.flush()
        let records = try harness.store.pieces(EngineHarness.key(1), generation: harness.generation(), numbers: 0..<1)
        #expect(records.map(\.present.count) == [64])
    }

    @Test("Without room the request goes straight through instead of failing")
    func noRoom() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let available = harness.store.availableBytes
        #expect(harness.store.reserve(available))
        let client = try harness.open()
        guard case .bypass(.noRoom) = client.step() else { Issue.record("no bypass"); return }
        #expect(harness.origin.requests.isEmpty)
    }

    @Test("Shutdown fails waiting clients and leaves no flight")
    func shutdown() throws {
        let harness = try EngineHarness()
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        harness.close()
        #expect(transfer.outcome == .cancelled)
        guard case .failed(let error) = client.step() else { Issue.record("not failed"); return }
        #expect(error.kind == .shuttingDown)
        #expect(harness.engine.flightCount == 0)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Direct feed: answers without room in the store")
struct DirectFeedTests {
    private static let length = 5 << 20

    /// A feed of all but the first 1000 bytes, and the signal it is woken by.
    private func feed(isSequential: Bool = false) throws -> (EngineFixture, DirectFeed, Signal) {
        let fixture = try EngineFixture { $0.maxRetries = 1 }
        let signal = Signal()
        var generation = Generation(
            epoch: 1, layout: PieceLayout(contentLength: Int64(Self.length), pieceLength: nil),
            validator: .etag("\"v1\""), headers: [:], fetchedAt: .epoch)
        generation.isSequential = isSequential
        let request = TaskRequest(key: try EngineFixture.key(1), wireID: TaskID("w"), url: "http://origin/object")
        let context = EngineContext(
            store: fixture.store, origin: fixture.origin, configuration: EngineConfiguration(),
            counters: EngineCounters(registry: MetricsRegistry(prefix: "")), takes: BoundedCount(limit: 1),
            logger: .quiet, now: { .start }, after: TaskEngine.timer)
        let rest = ByteRange(1000, Int64(Self.length))
        return (fixture, DirectFeed(rest, of: generation, request, context) { signal.notify() }, signal)
    }

    /// Takes what is there.
    private func drain(_ feed: DirectFeed, into bytes: inout [UInt8]) -> PieceStream.Step {
        while true {
            let step = feed.next()
            guard case .bytes(let extent) = step else { return step }
            bytes += extent.content
        }
    }

    @Test("A span at a time, under If-Range, each asked for when the one before is taken")
    func spans() throws {
        let (fixture, feed, _) = try feed()
        defer { fixture.close() }
        var bytes: [UInt8] = []
        for _ in 0..<3 {
            guard case .wait = drain(feed, into: &bytes) else { Issue.record("no wait"); return }
            let transfer = try #require(fixture.origin.next())
            #expect(transfer.request.condition == .ifRange("\"v1\""))
            #expect(transfer.asked.lowerBound == 1000 + bytes.count)
            #expect(Int64(transfer.asked.count) <= DirectFeed.window)
            transfer.serve(length: Self.length)
        }
        guard case .end = drain(feed, into: &bytes) else { Issue.record("no end"); return }
        #expect(bytes == objectBytes(1000..<Self.length))
        #expect(fixture.origin.requests.count == 3)
    }

    @Test("A cut is resumed at its byte after a pause; a second one in a row fails the stream")
    func cut() throws {
        let (fixture, feed, signal) = try feed()
        defer { fixture.close() }
        var bytes: [UInt8] = []
        _ = drain(feed, into: &bytes)
        let first = try #require(fixture.origin.next())
        first.answer(length: Self.length, upTo: 5000)
        first.end(.failed(OriginError(.cut, "cut")))
        // The pause is over when the feed wakes its stream.
        _ = signal.wait(within: 10) {
            _ = self.drain(feed, into: &bytes)
            return fixture.origin.requests.count == 2 ? true : nil
        }
        #expect(bytes == objectBytes(1000..<5000))
        let second = try #require(fixture.origin.transfers.last)
        #expect(second.asked.lowerBound == 5000)
        second.end(.failed(OriginError(.cut, "cut")))
        guard case .failed(let error) = drain(feed, into: &bytes) else { Issue.record("not failed"); return }
        #expect(error.kind == .originFailed)
    }

    @Test("Bytes of another version never leave")
    func changed() throws {
        let (fixture, feed, _) = try feed()
        defer { fixture.close() }
        var bytes: [UInt8] = []
        _ = drain(feed, into: &bytes)
        let transfer = try #require(fixture.origin.next())
        #expect(transfer.head(200, [.eTag: "\"v2\"", .contentLength: "\(Self.length)"]) == .reject)
        transfer.end(.rejected)
        guard case .failed(let error) = drain(feed, into: &bytes) else { Issue.record("not failed"); return }
        #expect(error.kind == .changed)
        #expect(bytes.isEmpty)
    }

    @Test("An origin without ranges sends all in one request, which pauses while the window is full")
    func sequential() throws {
        let (fixture, feed, _) = try feed(isSequential: true)
        defer { fixture.close() }
        var bytes: [UInt8] = []
        _ = drain(feed, into: &bytes)
        let transfer = try #require(fixture.origin.next())
        #expect(transfer.head(200, [.eTag: "\"v1\"", .contentLength: "\(Self.length)"]) != .reject)
        var sent = 0
        while sent < Self.length {
            let end = min(sent + 100_000, Self.length)
            if transfer.receive(objectBytes(sent..<end)) == .taken {
                sent = end
            } else {
                #expect(sent >= Int(DirectFeed.window))
                _ = drain(feed, into: &bytes)
            }
        }
        transfer.end()
        guard case .end = drain(feed, into: &bytes) else { Issue.record("no end"); return }
        #expect(bytes == objectBytes(1000..<Self.length))
        #expect(fixture.origin.requests.count == 1)
    }

    @Test("A client that leaves ends its request")
    func cancelled() throws {
        let (fixture, feed, _) = try feed()
        defer { fixture.close() }
        var bytes: [UInt8] = []
        _ = drain(feed, into: &bytes)
        let transfer = try #require(fixture.origin.next())
        feed.cancel()
        #expect(transfer.isCancelled)
        transfer.end(.cancelled)
    }
}

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

/// An engine over a real store in a directory of its own, with an origin that the test plays.
final class EngineHarness {
    let directory: TemporaryDirectory
    let origin = FakeOrigin()
    private(set) var store: PieceStore
    private(set) var engine: TaskEngine
    /// What the store and the engine take for the time.
    let clock = TestClock()
    private let configuration: EngineConfiguration
    private let storage: StorageConfiguration
    private let events: TaskEvent.Receiver?

    init(
        _ change: (inout EngineConfiguration) -> Void = { _ in },
        store changeStorage: (inout StorageConfiguration) -> Void = { _ in }, events: TaskEvent.Receiver? = nil
    ) throws {
        directory = try TemporaryDirectory()
        var storage = StorageConfiguration()
        storage.directory = directory.path("store")
        storage.indexMapSize = 1 << 30
        // The clock is the test's.
        storage.taskTTL = nil
        // It would find what a test has spoilt for others to find.
        storage.scrubRate = 0
        changeStorage(&storage)
        self.storage = storage
        var configuration = EngineConfiguration()
        // One request for all of a small object keeps the tests plain.
        configuration.firstWindow = configuration.spanLength
        configuration.cacheCapacity = 0
        change(&configuration)
        self.configuration = configuration
        self.events = events
        (store, engine) = try Self.open(storage, configuration, origin, clock, events)
    }

    private static func open(
        _ storage: StorageConfiguration, _ configuration: EngineConfiguration, _ origin: FakeOrigin, _ clock: TestClock,
        _ events: TaskEvent.Receiver?
    ) throws -> (PieceStore, TaskEngine) {
        let store = try PieceStore.open(storage, logger: .quiet, now: { clock.now.wall })
        let engine = TaskEngine(
            store: store, origin: origin, configuration: configuration, logger: .quiet,
            metrics: MetricsRegistry(prefix: ""), events: events, now: { clock.now })
        return (store, engine)
    }

    /// Stops and opens again: what the next process would see.
    func restart() throws {
        close()
        try reopen()
    }

    /// After `close()`.
    func reopen() throws {
        origin.reopen()
        (store, engine) = try Self.open(storage, configuration, origin, clock, events)
    }

    func close() {
        origin.endCancelled()
        engine.shutdown()
        store.close()
        origin.shutdown()
    }

    static func key(_ byte: UInt8) throws -> StoreKey {
        try #require(StoreKey(bytes: [UInt8](repeating: byte, count: 32)))
    }

    /// The generation that the index names for the first key.
    func generation() throws -> UInt64 {
        try #require(try store.task(Self.key(1))).generation
    }

    func open(
        _ range: RangeSpec? = nil, key: UInt8 = 1, named name: SharedName? = nil,
        at url: String = "http://origin/object",
        pieceLength: Int64? = nil, digest: Digest? = nil, freshness: FreshnessRule = FreshnessRule(),
        wantsBody: Bool = true
    ) throws -> Client {
        let signal = Signal()
        let request = TaskRequest(
            key: try Self.key(key), sharedName: name, wireID: TaskID("wire"), url: url, range: range,
            pieceLength: pieceLength, freshness: freshness, wantsBody: wantsBody, digest: digest)
        return Client(engine.open(request) { signal.notify() }, signal)
    }
}

/// The real time, and as much more as a test lets pass.
final class TestClock: Sendable {
    private let ahead = Lock(Duration.zero)

    var now: ClockReading { .now() + ahead.withLock { $0 } }

    func pass(_ duration: Duration) { ahead.withLock { $0 += duration } }
}

extension EngineHarness {
    /// Reads to the end and closes, serving what the origin is asked for, also in the background afterwards.
    /// - Returns: what it was asked for.
    @discardableResult
    func play(
        _ client: Client, length: Int, also fields: HTTPFields = [:], within seconds: Int = 60
    ) -> [Range<Int>] {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var asked: [Range<Int>] = []
        var isOver = false
        while !isOver || engine.flightCount > 0 {
            guard ContinuousClock.now < deadline else {
                Issue.record("not over within \(seconds) s; \(client.bytes.count) bytes came")
                break
            }
            switch isOver ? nil : client.step(within: 0.001) {
            case nil:
                guard let transfer = origin.next(within: 0.001) else { continue }
                asked.append(transfer.asked.clamped(to: 0..<length))
                transfer.respond(length: length, also: fields)
                transfer.end()
            case .head, .bytes: continue
            default:
                isOver = true
                client.stream.close()
            }
        }
        return asked
    }

    /// Flips a byte in the only content file of a closed store.
    func damage(at offset: Int) throws {
        let root = directory.path("store/content")
        let names = try #require(FileManager.default.subpaths(atPath: root))
        let file = try #require(names.first { $0.contains(".") })
        let handle = try #require(FileHandle(forUpdatingAtPath: "\(root)/\(file)"))
        try handle.seek(toOffset: UInt64(offset))
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: [byte ^ 0xff])
        try handle.close()
    }
}

/// A client that polls its stream and remembers what it got.
final class Client: @unchecked Sendable {  // Read by one thread at a time; the end is told through `ended`.
    let ended = Signal()
    private let end = Flag()
    var isAtEnd: Bool { end.isSet }
    let stream: PieceStream
    private let signal: Signal
    private(set) var head: StreamHead?
    private(set) var bytes: [UInt8] = []

    init(_ stream: PieceStream, _ signal: Signal) {
        self.stream = stream
        self.signal = signal
    }

    deinit { stream.close() }

    /// The next step that is no `.wait`; `nil` when none comes in time.
    func step(limit: Int = 1 << 20, from source: ExtentSource = .memory, within seconds: Double = 10) -> PieceStream
        .Step?
    {
        signal.wait(within: seconds) {
            let step = self.stream.next(limit: limit, from: source)
            switch step {
            case .wait: return nil
            case .head(let head): self.head = head
            case .bytes(let extent): self.bytes += extent.content
            case .end: self.end.set()
            default: break
            }
            self.ended.notify()
            return step
        }
    }

    /// Bytes that the test took itself.
    func took(_ extent: Extent) { bytes += extent.content }

    /// Reads until `count` bytes are here, or something else than bytes comes.
    @discardableResult
    func read(_ count: Int) -> PieceStream.Step? {
        while bytes.count < count {
            guard let step = step() else { return nil }
            switch step {
            case .head, .bytes: continue
            default: return step
            }
        }
        return nil
    }

    /// Reads to the end.
    func readAll() -> PieceStream.Step? { read(Int.max) }
}

extension Extent {
    /// The bytes, as a socket would get them.
    var content: [UInt8] {
        switch self {
        case .bytes(let bytes), .leased(let bytes, _): return Array(bytes)
        case .file(let extent):
            var bytes = [UInt8](repeating: 0, count: extent.count)
            let count = pread(extent.descriptor, &bytes, extent.count, off_t(extent.offset))
            precondition(count == extent.count, "an extent's bytes are all there")
            return bytes
        }
    }
}

/// The bytes of a test object: each 8 bytes tell their own offset, so that misplaced ones show.
func objectBytes(_ range: Range<Int>) -> [UInt8] {
    let words = range.lowerBound / 8..<(range.upperBound + 7) / 8
    let bytes = [UInt8](unsafeUninitializedCapacity: words.count * 8) { buffer, count in
        let space = UnsafeMutableRawBufferPointer(buffer)
        for (place, word) in words.enumerated() {
            space.storeBytes(of: UInt64(word).littleEndian, toByteOffset: place * 8, as: UInt64.self)
        }
        count = words.count * 8
    }
    let start = range.lowerBound - words.lowerBound * 8
    return Array(bytes[start..<start + range.count])
}

extension FakeTransfer {
    /// The range asked for.
    var asked: Range<Int> {
        guard case .bounded(let first, let last) = request.range else { return 0..<0 }
        return Int(first)..<Int(last) + 1
    }

    /// Answers like an origin that has an object of this length, up to (not including) byte `end` of the object.
    @discardableResult
    func respond(
        length: Int, etag: String = "\"v1\"", upTo end: Int = Int.max, also fields: HTTPFields = [:]
    ) -> Bool {
        let range = asked.clamped(to: 0..<length)
        var headers: HTTPFields = [
            .contentRange: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)",
            .contentLength: "\(range.count)", .eTag: etag, .contentType: "application/test",
        ]
        headers.append(contentsOf: fields)
        head(206, headers)
        return send(range.clamped(to: 0..<end))
    }

    func send(_ range: Range<Int>) -> Bool {
        stride(from: range.lowerBound, to: range.upperBound, by: 100_000).allSatisfy {
            deliver(objectBytes($0..<min($0 + 100_000, range.upperBound)))
        }
    }

    /// Answers in full and ends.
    func serve(length: Int, etag: String = "\"v1\"") {
        respond(length: length, etag: etag)
        end()
    }
}

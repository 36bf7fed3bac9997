import Foundation
import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

/// A sink that does what the engine does: judges the head, and keeps bytes only of what is admitted.
final class Admitter: OriginSink {
    struct Record {
        var admission: ResponseAdmission?
        var start: Int64 = 0
        var bytes: [UInt8] = []
        var outcome: OriginOutcome?
    }

    private let request: OriginRequest
    private let known: KnownGeneration?
    private let record = Lock(Record())
    private let changed = Signal()

    init(_ request: OriginRequest, known: KnownGeneration?) {
        self.request = request
        self.known = known
    }

    func head(_ head: OriginHead) -> ResponseDisposition {
        let admission = ResponseAdmission.judge(
            head, asked: request.range, condition: request.condition, known: known)
        return record.withLock { record in
            record.admission = admission
            switch admission {
            case .part(let range, _, _):
                record.start = range.lowerBound
                return .accept(limit: range.count)
            case .whole(let length, _): return .accept(limit: length)
            default: return .reject
            }
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> OriginIntake {
        record.withLock { $0.bytes += bytes }
        return .taken
    }

    func end(_ outcome: OriginOutcome) {
        record.withLock { $0.outcome = outcome }
        changed.notify()
    }

    func result() -> Record? {
        changed.wait(within: 20) { self.record.withLock { $0.outcome == nil ? nil : $0 } }
    }
}

/// What must come of a request for bytes 5,000 to 54,999 of 300,000.
enum Expected: Sendable {
    /// Exactly those bytes, and a clean end.
    case bytes
    /// The whole object from 0, and whether its end is proven.
    case whole(hasCleanEnd: Bool)
    case failed(OriginError.Kind)
    /// Refused at the head: not a byte is kept.
    case refused
    case changed
    case status(Int)
}

@Suite("A scripted origin, judged as the engine judges")
struct ScriptedOriginTests {
    static let object = FaultyObject(length: 300_000, seed: 7, age: 86_400)
    static let other = FaultyObject(length: 300_000, seed: 8, etag: "\"v2\"")

    static let cases: [(String, [Fault], Expected)] = [
        ("nothing", [], .bytes),
        ("cut in the body", [.cut(after: 20_000)], .failed(.cut)),
        ("cut before the body", [.cut(after: 0)], .failed(.cut)),
        ("reset", [.reset(after: 4097)], .failed(.cut)),
        ("stall", [.stall(after: 100)], .failed(.timeout)),
        ("half-closed", [.halfClose(after: 100)], .failed(.cut)),
        ("drip", [.drip(bytes: 5000, milliseconds: 5)], .bytes),
        ("slow head", [.slowHead(1)], .bytes),
        ("late head", [.delay(100)], .bytes),
        ("200 for a range", [.ignoresRange], .whole(hasCleanEnd: true)),
        ("200 for a range, to the close", [.ignoresRange, .closeDelimited], .whole(hasCleanEnd: false)),
        ("200 for a range, chunked", [.ignoresRange, .chunked], .whole(hasCleanEnd: true)),
        ("HTTP/1.0", [.http10], .bytes),
        ("chunked", [.chunked], .bytes),
        ("chunked and cut", [.chunked, .cut(after: 3000)], .failed(.cut)),
        ("surplus bytes", [.surplus(5000)], .bytes),
        ("surplus to the close", [.closeDelimited, .surplus(5000)], .bytes),
        ("Content-Range starts early", [.misplaced(start: -4096)], .refused),
        ("Content-Range starts late", [.misplaced(start: 1)], .refused),
        ("Content-Range ends late", [.misplaced(end: 1)], .refused),
        ("Content-Range ends early, length does not", [.misplaced(end: -1)], .refused),
        ("another total", [.misplaced(total: 1)], .changed),
        ("bytes that overlap the start", [.otherPart(start: -100)], .refused),
        ("bytes that begin later", [.otherPart(start: 100)], .refused),
        ("bytes beyond the end asked", [.otherPart(end: 100)], .refused),
        ("no Content-Range", [.field(.contentRange, nil)], .refused),
        ("another unit", [.field(.contentRange, "items 5000-54999/300000")], .refused),
        ("Content-Length too long", [.length(plus: 10)], .refused),
        ("Content-Length too short", [.length(plus: -10)], .refused),
        ("two Content-Lengths", [.field(.contentLength, "7")], .failed(.badResponse)),
        ("multipart", [.multipart], .refused),
        ("gzip", [.encoded("gzip")], .refused),
        ("another version", [.object(other), .ignoresConditions], .changed),
        ("another version, condition honoured", [.object(other)], .changed),
        ("another length", [.object(FaultyObject(length: 200_000, seed: 7)), .ignoresConditions], .changed),
        ("weak validator only", [.field(.eTag, "W/\"v1\"")], .changed),
        ("no validator", [.field(.eTag, nil)], .changed),
        ("a part without bytes", [.emptyPart], .refused),
        ("503", [.status("503 Busy", [.retryAfter: "7"])], .status(503)),
        ("429", [.status("429 Slow Down", [.retryAfter: "7"])], .status(429)),
        ("404", [.status("404 Not Found", body: "gone")], .status(404)),
        ("204", [.status("204 No Content")], .refused),
        ("an unasked 304", [.status("304 Not Modified")], .status(304)),
        ("garbage", [.garbage("Quoth the raven\r\n\r\n")], .failed(.badResponse)),
        ("huge head", [.hugeHead(200_000)], .failed(.badResponse)),
        ("redirect loop", [.redirect(302, to: "/again")], .failed(.tooManyRedirects)),
        ("redirect across schemes", [.redirect(302, to: "gopher://127.0.0.1/")], .failed(.badResponse)),
    ]

    @Test("Every fault ends as what it is, and no byte is kept that is not the object's", arguments: cases.indices)
    func faults(_ index: Int) throws {
        let (name, faults, expected) = Self.cases[index]
        var rule = FaultyRule()
        rule.faults = faults
        let faulty = try FaultyOrigin(script: FaultyScript(Self.object, [rule]))
        let curl = OriginGateway.forLoopback { $0.transfers.noProgressTimeout = .milliseconds(300) }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        let request = OriginRequest(
            url: faulty.url + "/o", range: .bounded(first: 5000, last: 54_999), condition: .ifMatch("\"v1\""))
        let sink = Admitter(request, known: KnownGeneration(total: 300_000, validator: .etag("\"v1\"")))
        _ = curl.start(request, into: sink)
        let record = try #require(sink.result())
        #expect(Self.object.firstDifference(in: record.bytes, at: record.start) == nil, "\(name)")
        #expect(Self.meets(expected, record), "\(name): \(String(describing: record.admission)), \(record.outcome!)")
    }

    private static func meets(_ expected: Expected, _ record: Admitter.Record) -> Bool {
        switch (expected, record.admission, record.outcome) {
        case (.bytes, .part, .complete(hasCleanEnd: true)): record.bytes.count == 50_000
        case (.whole(let isClean), .whole, .complete(let hasCleanEnd)):
            record.bytes.count == 300_000 && isClean == hasCleanEnd
        case (.failed(let kind), _, .failed(let error)): error.kind == kind
        case (.refused, .refused, .rejected): record.bytes.isEmpty
        case (.changed, .changed, .rejected): record.bytes.isEmpty
        case (.status(let status), .error(let answered), .rejected): status == answered
        default: false
        }
    }

    @Test("Rules choose by path, range, header and turn, and put their faults together")
    func rules() throws {
        let script = FaultyScript(
            Self.object,
            [
                FaultyRule(.status("503 Busy"), turns: 1..<2),
                FaultyRule(.mirrors([Self.object, Self.other]), path: "/mirrored"),
                FaultyRule(.field(.server, "late"), at: 100),
                FaultyRule(.status("401 No"), path: "/private", without: .authorization),
            ], objects: ["/small": FaultyObject(length: 1, seed: 3), "/empty": FaultyObject(length: 0)])
        let faulty = try FaultyOrigin(script: script)
        let curl = OriginGateway.forLoopback()
        defer {
            curl.shutdown()
            faulty.stop()
        }
        func ask(_ path: String, _ range: RangeSpec? = nil, _ headers: HTTPFields = [:]) -> Recorder.Record {
            let recorder = Recorder()
            _ = curl.start(OriginRequest(url: faulty.url + path, headers: headers, range: range), into: recorder)
            _ = recorder.outcome()
            return recorder.now
        }
        #expect(ask("/o", .from(299_999)).body == Self.object.bytes(299_999..<300_000))
        #expect(ask("/o").heads.map(\.status) == [503])
        #expect(ask("/small?x=1").body == FaultyObject(length: 1, seed: 3).bytes(0..<1))
        #expect(ask("/empty").heads.map(\.status) == [200])
        #expect(ask("/empty", .from(0)).heads.first?.contentRange == .unsatisfied(total: 0))
        #expect(
            (0..<4).map { _ in ask("/mirrored").heads[0].headers.first(.eTag)?.text } == [
                "\"v1\"", "\"v2\"", "\"v1\"", "\"v2\"",
            ])
        #expect(ask("/o", .from(100)).heads.first?.headers.first(.server)?.text == "late")
        #expect(ask("/private").heads.map(\.status) == [401])
        #expect(ask("/private", nil, [.authorization: "x"]).heads.map(\.status) == [200])
        #expect(faulty.requests.count == 12)
        #expect(faulty.acceptedConnections == 1)
        // The last bytes may be here before they are counted there.
        let sent: Int64 = 1 + 1 + 4 * 300_000 + 599_900
        #expect(eventually { faulty.bodyBytesSent == sent })
    }

    @Test("Every 4 KiB of an object name their own offset, in twenty gigabytes as well")
    func offsets() {
        let object = FaultyObject(length: 20 << 30, seed: 9)
        let place: Int64 = 19 << 30
        let bytes = object.bytes(place - 10..<place + 8192)
        #expect(bytes[10..<18].reduce(0) { $0 << 8 | Int64($1) } == place)
        #expect(object.firstDifference(in: bytes, at: place - 10) == nil)
        #expect(object.firstDifference(in: bytes, at: place - 11) != nil)
        #expect(object.firstDifference(in: bytes, at: place - 10 + 4096) != nil)
        #expect(FaultyObject(length: 20 << 30, seed: 10).firstDifference(in: bytes, at: place - 10) == place - 10)
    }
}

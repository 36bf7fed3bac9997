import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedSupport
import Testing

@testable import SeedEngine
@testable import SeedProxy

@Suite("How a cached response is put together")
struct CachedResponseMachineTests {
    private func machine(_ fields: String, method: String = "GET") throws -> CachedResponseMachine {
        CachedResponseMachine(try RequestHead.parsed("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"))
    }

    private func head(_ range: ByteRange, of length: Int64 = 1000, isFinished: Bool = false) -> StreamHead {
        StreamHead(
            wireID: TaskID("id"), length: length, range: range, isPartial: true,
            headers: [.eTag: "\"a\"", .contentType: "a/b"], storedAt: Timestamp(milliseconds: 1),
            isFinished: isFinished, cacheStatus: .hit)
    }

    /// Feeds heads until something else than another stream is wanted.
    private func run(
        _ machine: inout CachedResponseMachine, length: Int64 = 1000, isFinished: Bool = false
    ) -> (decision: CachedResponseMachine.Decision, streams: Int) {
        for streams in 1...10 {
            let range = machine.range.map { $0.resolve(length: length) } ?? ByteRange(0, length)
            let decision: CachedResponseMachine.Decision
            if let range {
                let head = head(range, of: length, isFinished: isFinished)
                let stored = StoredValidators(headers: head.headers, storedSecond: 0)
                decision = machine.headCame(head, stored, isSameVersion: true)
            } else {
                decision = machine.unsatisfiableCame(length: length)
            }
            if case .reopen = decision { continue }
            return (decision, streams)
        }
        return (.abort, 10)
    }

    @Test(
        "One stream is enough for one range",
        arguments: ["", "Range: bytes=0-9\r\n", "Range: bytes=-5\r\n", "Range: bytes=5-\r\n", "Range: lines=1-2\r\n"])
    func plain(_ fields: String) throws {
        var machine = try machine(fields)
        let result = run(&machine)
        #expect(result.decision == .respond && result.streams == 1)
        #expect(machine.streamEnded() == .finished)
    }

    @Test(
        "A Range that is malformed, of another unit, doubled, or not on a GET is ignored",
        arguments: ["bytes=5-4", "bytes 0-1", "bytes=a-b", "items=0-1", "bytes=", "bytes=0-1\r\nRange: bytes=2-3"])
    func ignored(_ value: String) throws {
        #expect(try machine("Range: \(value)\r\n").ask == .whole)
        #expect(try machine("Range: bytes=0-1\r\n", method: "HEAD").ask == .whole)
    }

    @Test("Several ranges become parts in the order asked for, and those that touch become one")
    func merged() throws {
        let asked = "bytes=500-599,0-9,950-,-10,20-29,590-700"
        guard case .several(let specs) = try machine("Range: \(asked)\r\n").ask else { return #expect(Bool(false)) }
        #expect(
            RequestedRanges.merged(specs, length: 1000) == [
                ByteRange(500, 701), ByteRange(0, 30), ByteRange(950, 1000),
            ])
        #expect(
            RequestedRanges.merged([.bounded(first: 5, last: 6), .from(10)], length: .max) == [ByteRange(5, .max)],
            "no length overflows")
        #expect(RequestedRanges.merged([.bounded(first: 0, last: 1), .from(2000)], length: 1000) == [ByteRange(0, 2)])
        #expect(RequestedRanges.merged([.from(2000), .suffix(0)], length: 1000).isEmpty)
        let bridge: [RangeSpec] = [
            .bounded(first: 0, last: 9), .bounded(first: 500, last: 509), .bounded(first: 5, last: 505),
        ]
        #expect(RequestedRanges.merged(bridge, length: 1000) == [ByteRange(0, 510)])
    }

    @Test("A multipart response sends its parts one after another, of one version only")
    func multipart() throws {
        var machine = try machine("Range: bytes=0-9,500-509\r\n")
        #expect(run(&machine).decision == .multipart)
        #expect(machine.streamEnded() == .reopen(.bounded(first: 500, last: 509)))
        var copy = machine
        let stored = StoredValidators(headers: [:], storedSecond: 0)
        #expect(machine.headCame(head(ByteRange(500, 510)), stored, isSameVersion: true) == .nextPart)
        #expect(machine.streamEnded() == .finished)
        #expect(copy.headCame(head(ByteRange(500, 510)), stored, isSameVersion: false) == .abort)
        #expect(copy.unsatisfiableCame(length: 5) == .abort)
    }

    @Test("The length of a multipart body is known beforehand, to the byte")
    func multipartLength() {
        var parts = Multipart(ranges: [ByteRange(0, 10), ByteRange(90, 100)], length: 100, contentType: "a/b")
        var count = Int64(parts.head.count) + 10
        while parts.advance() { count += Int64(parts.head.count) + 10 }
        #expect(count + Int64(parts.end.count) == parts.contentLength)
    }

    @Test("Several ranges of which one part is left are a plain 206")
    func single() throws {
        var first = try machine("Range: bytes=0-9,10-19\r\n")
        let merged = run(&first)
        #expect(merged.decision == .respond && merged.streams == 2)
        var second = try machine("Range: bytes=5000-,0-9\r\n")
        let late = run(&second)
        #expect(late.decision == .respond && late.streams == 2)
    }

    @Test("Too many ranges get the whole object if it is held, else 416")
    func tooMany() throws {
        let many =
            "Range: bytes=" + (0...RequestedRanges.mostRanges).map { "\($0 * 100)-\($0 * 100)" }.joined(separator: ",")
            + "\r\n"
        var held = try machine(many)
        #expect(run(&held, length: 1_000_000, isFinished: true).decision == .respond)
        #expect(held.range == nil)
        var missing = try machine(many)
        #expect(run(&missing, length: 1_000_000).decision == .unsatisfiable(length: 1_000_000))
    }

    @Test("Conditions come before ranges, also before one that can't be had")
    func conditionsFirst() throws {
        var same = try machine("Range: bytes=5000-\r\nIf-None-Match: \"a\"\r\n")
        #expect(run(&same).decision == .notModified)
        var other = try machine("Range: bytes=5000-\r\nIf-None-Match: \"b\"\r\n")
        #expect(run(&other).decision == .unsatisfiable(length: 1000))
        var failed = try machine("Range: bytes=0-1\r\nIf-Match: \"b\"\r\n")
        #expect(run(&failed).decision == .preconditionFailed)
        var whole = try machine("Range: bytes=0-1\r\nIf-Range: \"b\"\r\n")
        #expect(run(&whole).decision == .respond)
        #expect(whole.ask == .whole && whole.range == nil)
        var late = try machine("Range: bytes=5000-\r\nIf-Range: \"b\"\r\n")
        #expect(run(&late).decision == .respond)
        var none = try machine("Range: bytes=5000-,6000-\r\n")
        #expect(run(&none).decision == .unsatisfiable(length: 1000))
    }

    @Test("An object that never stays the same is not asked for for ever")
    func changing() throws {
        var machine = try machine("Range: bytes=-20,0-9\r\n")
        let stored = StoredValidators(headers: [:], storedSecond: 0)
        var decisions: [CachedResponseMachine.Decision] = []
        for length in stride(from: Int64(1000), to: 2000, by: 100) {
            decisions.append(machine.headCame(head(ByteRange(0, 1), of: length), stored, isSameVersion: true))
        }
        #expect(decisions.contains(.changing))
    }
}

import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedTestSupport
import Testing

/// What Dragonfly's seed client gets wrong with an origin's responses, by the numbers of docs/weaknesses.md.
@Suite("Responses of an origin, as the engine gets to see them")
struct OriginResponseTests {
    private static let object = FaultyObject(length: 100_000, seed: 5)
    private let object = Self.object

    private func judge(
        _ faults: [FaultyRule], object: FaultyObject = Self.object,
        range: RangeSpec? = .bounded(first: 10, last: 19_999),
        headers: HTTPFields = [:], condition: RequestCondition = .none, known: KnownGeneration? = nil,
        _ look: (FaultyOrigin) -> Void = { _ in }
    ) throws -> Admitter.Record {
        let faulty = try FaultyOrigin(script: FaultyScript(object, faults))
        let curl = OriginGateway.forLoopback { $0.transfers.noProgressTimeout = .milliseconds(200) }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        let request = OriginRequest(url: faulty.url + "/o", headers: headers, range: range, condition: condition)
        let sink = Admitter(request, known: known)
        _ = curl.start(request, into: sink)
        let record = try #require(sink.result())
        look(faulty)
        return record
    }

    @Test("W1: an origin that is down or silent is an error, never an empty success")
    func silent() throws {
        for (faults, kind) in [
            ([FaultyRule(.garbage(""), .stall(after: 0))], OriginError.Kind.timeout),
            ([FaultyRule(.garbage(""), .cut(after: 0))], .cut), ([FaultyRule(.garbage(""), .reset(after: 0))], .cut),
        ] {
            let record = try judge(faults)
            guard case .failed(let error) = record.outcome else { throw FixtureError("\(record)") }
            #expect(error.kind == kind && record.admission == nil && error.isRetryable)
        }
    }

    @Test("W2: a 200 to a range is the object from its first byte, and never the range")
    func rangeIgnored() throws {
        let record = try judge([FaultyRule(.ignoresRange)])
        #expect(record.admission == .whole(length: 100_000, validator: .etag("\"v1\"")))
        #expect(record.start == 0)
        #expect(record.bytes == object.bytes(0..<100_000))
    }

    @Test("W7: another version is noticed at its head, by validator or by length, whatever was asked for")
    func changed() throws {
        let known = KnownGeneration(total: 100_000, validator: .etag("\"v1\""))
        let others = [
            FaultyObject(length: 100_000, seed: 6, etag: "\"v2\""), FaultyObject(length: 100_001, seed: 6),
            FaultyObject(length: 100_000, seed: 6, etag: nil), FaultyObject(length: 100_000, seed: 6, etag: "W/\"v1\""),
        ]
        let conditions: [RequestCondition] = [.none, .ifMatch("\"v1\""), .ifRange("\"v1\"")]
        for other in others {
            for condition in conditions {
                for rules in [[], [FaultyRule(.ignoresConditions)], [FaultyRule(.ignoresRange, .ignoresConditions)]] {
                    let record = try judge(rules, object: other, condition: condition, known: known)
                    #expect(record.admission == .changed && record.bytes.isEmpty, "\(other) \(condition)")
                }
            }
        }
    }

    @Test("W7: a resume carries If-Range, and gets the rest of the same version or word of another")
    func resume() throws {
        let rest = RangeSpec.from(60_000)
        for (old, validator) in [
            (object, Validator.etag("\"v1\"")),
            (FaultyObject(length: 100_000, seed: 5, etag: nil, age: 3600), nil),
            (FaultyObject(length: 100_000, seed: 5, etag: "W/\"v1\"", age: 3600), nil),
        ] {
            let first = try judge([], object: old, range: .from(0))
            guard case .part(_, 100_000, let learned) = first.admission else { throw FixtureError("\(first)") }
            if let validator { #expect(learned == validator) } else { #expect(learned != .none) }
            let known = KnownGeneration(total: 100_000, validator: learned)
            let resumed = try judge([], object: old, range: rest, condition: learned.resumeCondition, known: known)
            #expect(resumed.bytes == old.bytes(60_000..<100_000))
            for new in [
                FaultyObject(length: 100_000, seed: 6, etag: "\"v2\"", age: 60),
                FaultyObject(length: 90_000, seed: 6, etag: nil, age: 60),
            ] {
                let changed = try judge([], object: new, range: rest, condition: learned.resumeCondition, known: known)
                #expect(changed.admission == .changed && changed.bytes.isEmpty)
            }
        }
    }

    @Test("W10: a client's conditions never reach the origin")
    func conditions() throws {
        let record = try judge(
            [],
            headers: [
                .ifNoneMatch: "\"v1\"", .ifModifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT", .ifMatch: "\"v9\"",
                .ifRange: "\"v9\"", .ifUnmodifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT",
            ])
        #expect(record.bytes == object.bytes(10..<20_000))
    }

    @Test("W11: identity is asked for whatever the client accepts, and an encoded body is refused")
    func encodings() throws {
        let record = try judge([FaultyRule(.encoded("gzip"))], headers: [.acceptEncoding: "gzip, br"]) { faulty in
            #expect(faulty.requests.map { $0.headers[.acceptEncoding] } == ["identity"])
        }
        #expect(record.admission == .refused(.encoded("gzip")) && record.bytes.isEmpty)
    }

    @Test("W12: a body of unknown length is passed on, and whether its end is proven is told")
    func unknownLength() throws {
        for (fault, isClean) in [(Fault.chunked, true), (.closeDelimited, false), (.http10, false)] {
            let record = try judge([FaultyRule(fault)], range: nil)
            #expect(record.admission == .whole(length: nil, validator: .etag("\"v1\"")))
            #expect(record.outcome == .complete(hasCleanEnd: isClean))
            #expect(record.bytes == object.bytes(0..<100_000))
        }
    }

    @Test("W14: an error's status, fields and body are handed over")
    func errorBodies() throws {
        let recorder = Recorder()
        let script = FaultyScript(nil, [FaultyRule(.status("451 Unavailable", [.server: "s"], body: "by order"))])
        let faulty = try FaultyOrigin(script: script)
        let curl = OriginGateway.forLoopback()
        defer {
            curl.shutdown()
            faulty.stop()
        }
        _ = curl.start(OriginRequest(url: faulty.url, range: .from(0)), into: recorder)
        #expect(recorder.outcome() == .complete(hasCleanEnd: true))
        #expect(recorder.head?.status == 451 && recorder.head?.headers.first(.server)?.text == "s")
        #expect(recorder.now.body == Array("by order".utf8))
    }

    @Test("W35: a cancelled transfer closes its connection at once")
    func cancelled() throws {
        let recorder = Recorder()
        let isClosed = Note<Bool>()
        try withOrigins { _, connection in
            connection.head("200 OK", "Content-Length: 100000000")
            connection.write([1])
            isClosed.write(connection.waitForClose())
        } run: { faulty, curl in
            let transfer = curl.start(OriginRequest(url: faulty.url), into: recorder)
            try #require(recorder.wait { $0.offers > 0 })
            transfer.cancel()
            #expect(recorder.outcome() == .cancelled)
            #expect(isClosed.read() == true)
        }
    }

    @Test("Empty objects and those of one byte", arguments: [0, 1] as [Int64])
    func tiny(_ length: Int64) throws {
        let object = FaultyObject(length: length, seed: 5)
        let whole = try judge([], object: object, range: nil)
        #expect(whole.admission == .whole(length: length, validator: .etag("\"v1\"")))
        let part = try judge([], object: object, range: .from(0))
        if length == 0 {
            #expect(part.admission == .unsatisfiable(total: 0))
            #expect(try judge([FaultyRule(.ignoresRange)], object: object).admission == whole.admission)
            // A 206 cannot be empty: nothing names its bytes.
            guard case .refused = try judge([FaultyRule(.emptyPart)], object: object).admission else {
                throw FixtureError("an empty part was admitted")
            }
        } else {
            #expect(part.bytes == object.bytes(0..<1))
            #expect(part.admission == .part(range: ByteRange(0, 1), total: 1, validator: .etag("\"v1\"")))
        }
    }
}

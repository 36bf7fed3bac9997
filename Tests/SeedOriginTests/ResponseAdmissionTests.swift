import HTTPSemantics
import SeedOrigin
import Testing

@Suite("Admission of responses")
struct ResponseAdmissionTests {
    private let known = KnownGeneration(total: 1000, validator: .etag("\"v1\""))
    private let asked = RangeSpec.bounded(first: 100, last: 199)

    private func part(_ contentRange: String?, _ more: HTTPFields = [:]) -> OriginHead {
        var headers: HTTPFields = more
        if let contentRange { headers[.contentRange] = contentRange }
        return OriginHead(status: 206, headers: headers)
    }

    @Test("A part that is what was asked for is admitted, under its validator")
    func goodPart() {
        let head = part("bytes 100-199/1000", [.eTag: "\"v1\"", .contentLength: "100"])
        let expected = ResponseAdmission.part(range: ByteRange(100, 200), total: 1000, validator: .etag("\"v1\""))
        #expect(ResponseAdmission.judge(head, asked: asked) == expected)
        #expect(ResponseAdmission.judge(head, asked: asked, condition: .ifMatch("\"v1\""), known: known) == expected)
    }

    @Test("A part may end earlier than asked, but neither begin elsewhere nor go on beyond")
    func extent() {
        func isAdmitted(_ field: String, _ asked: RangeSpec) -> Bool {
            if case .part = ResponseAdmission.judge(part(field), asked: asked) { true } else { false }
        }
        #expect(isAdmitted("bytes 100-149/1000", asked))
        #expect(isAdmitted("bytes 100-100/101", asked))
        #expect(!isAdmitted("bytes 99-199/1000", asked))
        #expect(!isAdmitted("bytes 101-199/1000", asked))
        #expect(!isAdmitted("bytes 100-200/1000", asked))
        #expect(!isAdmitted("bytes 0-99/1000", asked))
        #expect(isAdmitted("bytes 100-999/1000", .from(100)))
        #expect(!isAdmitted("bytes 0-999/1000", .from(100)))
        #expect(isAdmitted("bytes 900-999/1000", .suffix(100)))
        #expect(isAdmitted("bytes 0-999/1000", .suffix(5000)))
        #expect(!isAdmitted("bytes 899-999/1000", .suffix(100)))
        #expect(
            ResponseAdmission.judge(part("bytes 0-99/1000"), asked: asked) == .refused(.otherPart(ByteRange(0, 100))))
    }

    @Test(
        "A 206 without one usable Content-Range is refused",
        arguments: [
            nil, "", "bytes", "bytes 100-199", "bytes 199-100/1000", "bytes 100-1000/1000", "bytes */1000",
            "items 100-199/1000", "bytes 100-199/-5", "bytes +100-199/1000", "bytes 100-199/1000/5", "bytes a-b/c",
            "bytes 100-99999999999999999999/*",
        ])
    func unusable(_ field: String?) {
        #expect(ResponseAdmission.judge(part(field), asked: asked) == .refused(.contentRange(field)))
    }

    @Test("A 206 with two Content-Range fields is refused")
    func twoFields() {
        var head = part("bytes 100-199/1000")
        head.headers.append(HTTPField(name: .contentRange, value: "bytes 0-99/1000"))
        #expect(ResponseAdmission.judge(head, asked: asked) == .refused(.contentRange("bytes 100-199/1000")))
    }

    @Test("A part that wasn't requested, in several pieces, encoded or of another length is refused")
    func otherRefusals() {
        let field = "bytes 100-199/1000"
        #expect(ResponseAdmission.judge(part(field), asked: nil) == .refused(.unaskedPart))
        let multipart: HTTPFields = [.contentType: "Multipart/Byteranges; boundary=x"]
        #expect(ResponseAdmission.judge(part(field, multipart), asked: asked) == .refused(.multipart))
        #expect(
            ResponseAdmission.judge(part(field, [.contentEncoding: "gzip"]), asked: asked) == .refused(.encoded("gzip"))
        )
        #expect(
            ResponseAdmission.judge(part(field, [.contentLength: "99"]), asked: asked)
                == .refused(.length(declared: 99, expected: 100)))
        if case .part = ResponseAdmission.judge(part(field, [.contentEncoding: "Identity"]), asked: asked) {
        } else {
            Issue.record("identity is no encoding")
        }
    }

    @Test("A total of * needs a known version")
    func starTotal() {
        let head = part("bytes 100-199/*", [.eTag: "\"v1\""])
        #expect(ResponseAdmission.judge(head, asked: asked) == .refused(.unknownTotal))
        #expect(
            ResponseAdmission.judge(head, asked: asked, known: known)
                == .part(range: ByteRange(100, 200), total: 1000, validator: .etag("\"v1\"")))
    }

    @Test("Another total, another validator or none at all means changed, for parts and for the whole")
    func changed() {
        let fields: [(String, HTTPFields)] = [
            ("bytes 100-199/1001", [.eTag: "\"v1\""]), ("bytes 100-199/1000", [.eTag: "\"v2\""]),
            ("bytes 100-199/1000", [.eTag: "W/\"v1\""]), ("bytes 100-199/1000", [:]),
            ("bytes 0-99/2000", [.eTag: "\"v2\""]),
        ]
        for (field, headers) in fields {
            #expect(ResponseAdmission.judge(part(field, headers), asked: asked, known: known) == .changed)
        }
        let wholes: [HTTPFields] = [
            [.eTag: "\"v2\"", .contentLength: "1000"], [.eTag: "\"v1\"", .contentLength: "999"],
            [.contentLength: "1000"],
        ]
        for headers in wholes {
            let head = OriginHead(status: 200, headers: headers)
            #expect(
                ResponseAdmission.judge(head, asked: asked, condition: .ifRange("\"v1\""), known: known) == .changed)
        }
    }

    @Test("A 200 is the object from byte 0, whatever was asked for")
    func whole() {
        let head = OriginHead(status: 200, headers: [.eTag: "\"v1\"", .contentLength: "1000"])
        let expected = ResponseAdmission.whole(length: 1000, validator: .etag("\"v1\""))
        #expect(ResponseAdmission.judge(head, asked: nil) == expected)
        #expect(ResponseAdmission.judge(head, asked: asked) == expected)
        #expect(ResponseAdmission.judge(head, asked: asked, known: known) == expected)
        let chunked = OriginHead(status: 200, headers: [.transferEncoding: "chunked", .contentLength: "5"])
        #expect(ResponseAdmission.judge(chunked, asked: asked) == .whole(length: nil, validator: .none))
        let encoded = OriginHead(status: 200, headers: [.contentEncoding: "br"])
        #expect(ResponseAdmission.judge(encoded, asked: nil) == .refused(.encoded("br")))
    }

    @Test("After If-Range a 206 may leave Last-Modified out, but not state another")
    func lastModified() {
        let date: HTTPField.Value = "Sun, 06 Nov 1994 08:49:37 GMT"
        let known = KnownGeneration(total: 1000, validator: .lastModified(date, length: 1000))
        func judge(_ headers: HTTPFields, _ condition: RequestCondition) -> ResponseAdmission {
            ResponseAdmission.judge(
                part("bytes 100-199/1000", headers), asked: asked, condition: condition, known: known)
        }
        let admitted = ResponseAdmission.part(range: ByteRange(100, 200), total: 1000, validator: known.validator)
        #expect(judge([:], .ifRange(date)) == admitted)
        #expect(judge([.lastModified: date.text], .ifUnmodifiedSince(date)) == admitted)
        #expect(judge([:], .ifUnmodifiedSince(date)) == .changed)
        #expect(judge([.lastModified: "Sun, 06 Nov 1994 08:49:38 GMT"], .ifRange(date)) == .changed)
    }

    @Test("Statuses without an object are told apart")
    func statuses() {
        func judge(
            _ status: Int, _ headers: HTTPFields = [:], asked: RangeSpec? = .from(5),
            _ condition: RequestCondition = .none,
            _ known: KnownGeneration? = nil
        ) -> ResponseAdmission {
            let head = OriginHead(status: status, headers: headers)
            return ResponseAdmission.judge(head, asked: asked, condition: condition, known: known)
        }
        #expect(judge(416, [.contentRange: "bytes */4"]) == .unsatisfiable(total: 4))
        #expect(judge(416) == .unsatisfiable(total: nil))
        #expect(judge(416, [.contentRange: "bytes */9223372036854775807"]) == .unsatisfiable(total: nil))
        #expect(judge(416, [.contentRange: "bytes */4"], .none, known) == .changed)
        #expect(judge(416, asked: nil) == .error(status: 416))
        #expect(judge(412, [:], .ifMatch("\"v1\""), known) == .changed)
        #expect(judge(412) == .error(status: 412))
        #expect(judge(304, [:], .ifNoneMatch("\"v1\""), known) == .notModified)
        #expect(judge(304) == .error(status: 304))
        for status in [204, 201, 203, 226] { #expect(judge(status) == .refused(.status(status))) }
        for status in [301, 401, 403, 404, 429, 500, 503] { #expect(judge(status) == .error(status: status)) }
    }
}

@Suite("Retrying")
struct RetryTests {
    @Test("Only what may go away is tried again")
    func kinds() {
        let retryable: Set<OriginError.Kind> = [.unreachable, .timeout, .cut, .circuitOpen]
        for kind in OriginError.Kind.allCases {
            #expect(OriginError(kind, "").isRetryable == retryable.contains(kind))
        }
        for status in [408, 429, 500, 502, 503, 504, 599] { #expect(RetryRule.isRetryable(status: status)) }
        for status in [200, 206, 304, 400, 401, 403, 404, 410, 412, 416, 501, 505] {
            #expect(!RetryRule.isRetryable(status: status))
        }
    }

    @Test("Retry-After is a number of seconds or a date")
    func retryAfter() {
        func delay(_ value: String?) -> Int64? {
            var headers = HTTPFields()
            headers[.retryAfter] = value
            return headers.retryAfter?.delay(now: 784_111_770)
        }
        #expect(delay("120") == 120)
        #expect(delay("Sun, 06 Nov 1994 08:49:37 GMT") == 7)
        #expect(delay("Sun, 06 Nov 1994 08:49:00 GMT") == 0)
        #expect(delay("soon") == nil)
        #expect(delay(nil) == nil)
    }
}

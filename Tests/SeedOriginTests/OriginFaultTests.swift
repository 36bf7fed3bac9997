import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedTestSupport
import Testing

@Suite("Responses over real sockets, good and broken")
struct OriginFaultTests {
    /// Runs one request against a handler and returns what the sink heard.
    private func fetch(
        _ disposition: ResponseDisposition = .accept(limit: nil), range: RangeSpec? = nil, path: String = "/object",
        _ adjust: (inout OriginConfiguration) -> Void = { _ in }, _ handler: @escaping FaultyOrigin.Handler
    ) throws -> Recorder.Record {
        let recorder = Recorder(disposition)
        try withOrigins(adjust, handler) { faulty, curl in
            _ = curl.start(OriginRequest(url: faulty.url + path, range: range), into: recorder)
            try #require(recorder.outcome() != nil)
        }
        #expect(recorder.now.outcomes.count == 1)
        #expect(recorder.now.misuses == 0)
        return recorder.now
    }

    private func kind(_ record: Recorder.Record) -> OriginError.Kind? {
        guard case .failed(let error) = record.outcomes.first else { return nil }
        return error.kind
    }

    @Test("A whole object arrives byte for byte, its repeated fields kept apart and in order")
    func whole() throws {
        let object = pattern(3_000_000)
        let record = try fetch { $1.serve(object, to: $0, ["X-Part: one", "ETag: \"a\"", "x-part: two"]) }
        #expect(record.outcomes == [.complete(hasCleanEnd: true)])
        #expect(record.body == object)
        #expect(record.heads.first?.headers[values: HTTPField.Name("X-Part")!] == ["one", "two"])
        #expect(record.heads.first?.headers.first(.eTag)?.text == "\"a\"")
        #expect(record.heads.first?.contentLength == 3_000_000)
    }

    @Test("A range is asked for as given, without encoding and under our name")
    func range() throws {
        let object = pattern(1000)
        let record = try fetch(range: .bounded(first: 100, last: 299)) { request, connection in
            #expect(request.headers[.range] == "bytes=100-299")
            #expect(request.headers[.acceptEncoding] == "identity")
            #expect(request.headers[.userAgent] == "seed-peer")
            #expect(request.headers[.accept] == nil)
            connection.serve(object, to: request)
        }
        #expect(record.body == Array(object[100..<300]))
        #expect(record.heads.first?.contentRange == .part(ByteRange(100, 300), total: 1000))
    }

    @Test(
        "The target is sent byte for byte",
        arguments: ["/a/../b/./c//d", "/%2F%2f%c3%A9?x=%aa&y=a+b&&z", "/é?q='\"<>", "/?", "/a;b=c,d|e", "/x?a=b?c=d"])
    func target(_ path: String) throws {
        _ = try fetch(path: path) { request, connection in
            #expect(request.target == path)
            connection.respond()
        }
    }

    @Test("Heads of 1xx responses never reach the sink")
    func informational() throws {
        let record = try fetch { _, connection in
            connection.head("103 Early Hints", "Link: </style.css>")
            connection.respond("200 OK", ["X-Kind: final"], body: [1, 2, 3])
        }
        #expect(record.heads.map(\.status) == [200])
        #expect(record.heads.first?.headers.first(HTTPField.Name("Link")!)?.text == nil)
        #expect(record.body == [1, 2, 3])
    }

    @Test("Endless 1xx responses are refused")
    func endlessInformational() throws {
        let record = try fetch { _, connection in
            while connection.head("102 Processing", "X-Patience: please") {}
        }
        #expect(kind(record) == .badResponse)
    }

    @Test("A body shorter than its Content-Length is cut, never complete")
    func short() throws {
        let record = try fetch { _, connection in
            connection.head("200 OK", "Content-Length: 1000")
            connection.write(pattern(999))
            connection.cut()
        }
        #expect(kind(record) == .cut)
        #expect(record.body == pattern(999))
    }

    @Test("A chunked body without its last chunk is cut, never complete")
    func unfinishedChunks() throws {
        let record = try fetch { _, connection in
            connection.head("200 OK", "Transfer-Encoding: chunked")
            connection.write("5\r\nhello\r\n")
            connection.cut()
        }
        #expect(kind(record) == .cut)
        #expect(record.body == Array("hello".utf8))
    }

    @Test("A chunked body with its last chunk and trailers is complete")
    func chunks() throws {
        let record = try fetch { _, connection in
            connection.head("200 OK", "Transfer-Encoding: chunked")
            connection.write("5\r\nhello\r\n4\r\n you\r\n0\r\nX-Trailer: late\r\n\r\n")
        }
        #expect(record.outcomes == [.complete(hasCleanEnd: true)])
        #expect(record.body == Array("hello you".utf8))
        #expect(record.heads.count == 1)
    }

    @Test("A body that only the end of the connection ends has no clean end")
    func closeDelimited() throws {
        let record = try fetch { _, connection in
            connection.head("200 OK", "Connection: close")
            connection.write("hello")
            connection.cut()
        }
        #expect(record.outcomes == [.complete(hasCleanEnd: false)])
        #expect(record.body == Array("hello".utf8))
    }

    @Test("A reset in the middle of the body is a cut")
    func reset() throws {
        let record = try fetch { _, connection in
            connection.head("200 OK", "Content-Length: 1000")
            connection.write(pattern(10))
            connection.reset()
        }
        #expect(kind(record) == .cut)
    }

    @Test("A connection closed instead of a response is a cut and may be tried again")
    func noResponse() throws {
        let record = try fetch { _, connection in connection.cut() }
        guard case .failed(let error) = record.outcomes.first else { throw FixtureError("not failed") }
        #expect(error.kind == .cut)
        #expect(error.isRetryable)
        #expect(record.heads.isEmpty)
    }

    @Test("An origin that stops sending fails with a timeout, before the head as well as in the body")
    func stall() throws {
        let inBody = try fetch(.accept(limit: nil), { $0.transfers.noProgressTimeout = .milliseconds(300) }) {
            _, connection in
            connection.head("200 OK", "Content-Length: 1000")
            connection.write("some")
            connection.stall()
        }
        #expect(kind(inBody) == .timeout)
        #expect(inBody.body == Array("some".utf8))
        let silent = try fetch(.accept(limit: nil), { $0.transfers.noProgressTimeout = .milliseconds(300) }) {
            $1.stall()
        }
        #expect(kind(silent) == .timeout)
        #expect(silent.heads.isEmpty)
    }

    @Test("A slow origin that keeps sending is not timed out")
    func drip() throws {
        let record = try fetch(.accept(limit: nil), { $0.transfers.noProgressTimeout = .milliseconds(400) }) {
            _, connection in
            connection.head("200 OK", "Content-Length: 20")
            connection.drip(pattern(20), chunk: 1, milliseconds: 50)
        }
        #expect(record.outcomes == [.complete(hasCleanEnd: true)])
    }

    @Test("Surplus beyond the accepted limit is cut exactly, and the transfer is complete")
    func surplus() throws {
        let object = pattern(1_000_000)
        let record = try fetch(.accept(limit: 100_001)) { $1.serve(object, to: $0) }
        #expect(record.outcomes == [.complete(hasCleanEnd: true)])
        #expect(record.body == Array(object[..<100_001]))
    }

    @Test("The transfer ends at the limit at once, though the origin keeps the connection open and says no more")
    func limitBeforeStall() throws {
        let record = try fetch(.accept(limit: 10)) { _, connection in
            connection.head("200 OK", "Content-Length: 1000")
            connection.write(pattern(10))
            connection.stall()
        }
        #expect(record.outcomes == [.complete(hasCleanEnd: true)])
        #expect(record.body == pattern(10))
    }

    @Test("A rejected response hands over no body")
    func rejected() throws {
        let record = try fetch(.reject) { $1.serve(pattern(1000), to: $0) }
        #expect(record.outcomes == [.rejected])
        #expect(record.body.isEmpty)
    }

    @Test(
        "What is not an HTTP response is refused",
        arguments: [
            "garbage without any sense\r\n\r\n", "HTTP/1.1 abc Bad\r\n\r\n", "HTTP/3.7 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        ])
    func garbage(_ response: String) throws {
        let record = try fetch { _, connection in
            connection.write(response)
            connection.cut()
        }
        #expect(kind(record) == .badResponse)
        #expect(record.body.isEmpty)
    }

    @Test("A head longer than the limit is refused, in one line or in many")
    func hugeHead() throws {
        let line = String(repeating: "x", count: 90_000)
        let one = try fetch { _, connection in connection.respond("200 OK", ["X-Huge: \(line)"]) }
        #expect(kind(one) == .badResponse)
        let many = try fetch { _, connection in
            connection.respond("200 OK", (0..<5000).map { "X-Field-\($0): 0123456789" })
        }
        #expect(kind(many) == .badResponse)
    }

    @Test("Header bytes beyond ASCII are kept as they came")
    func bytesInHeaders() throws {
        let record = try fetch { _, connection in
            connection.write(
                Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Name: a".utf8) + [0xe9, 0xff, 0x0d, 0x0a])
            connection.write("bad name: x\r\n\r\n")
        }
        let field = try #require(record.heads.first?.headers.first { $0.name.rawName == "X-Name" })
        #expect(field.withUnsafeBytesOfValue { Array($0) } == [0x61, 0xe9, 0xff])
        #expect(record.heads.first?.headers.count == 2)
    }

    @Test("A folded header line is refused (RFC 9112 §5.2)")
    func folded() throws {
        let record = try fetch { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 0\r\n\r\n")
        }
        #expect(record.heads.isEmpty)
        guard case .failed(let error) = record.outcomes.first else { throw FixtureError("no failure") }
        #expect(error.kind == .badResponse)
    }

    @Test("HEAD has a head, no body and a clean end")
    func headMethod() throws {
        let recorder = Recorder()
        try withOrigins({ _ in }, { $1.head("200 OK", "Content-Length: 1000") }) { faulty, curl in
            _ = curl.start(OriginRequest(url: faulty.url, method: .head), into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(faulty.requests.map(\.method) == ["HEAD"])
        }
        #expect(recorder.head?.contentLength == 1000)
    }

    @Test("The request's headers are sent, connection fields and the proxy's credentials are not")
    func requestHeaders() throws {
        let recorder = Recorder()
        let headers: HTTPFields = [
            .authorization: "Bearer t", .userAgent: "nydusd", .proxyAuthorization: "Basic x", .connection: "close",
            .acceptEncoding: "gzip", .range: "bytes=5-", .ifNoneMatch: "\"x\"", .accept: "text/plain",
        ]
        try withOrigins({ _ in }, { $1.respond() }) { faulty, curl in
            let request = OriginRequest(
                url: faulty.url, headers: headers, range: .suffix(7), condition: .ifMatch("\"v1\""))
            _ = curl.start(request, into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            let sent = try #require(faulty.requests.first).headers
            #expect(sent[.authorization] == "Bearer t")
            #expect(sent[.userAgent] == "nydusd")
            #expect(sent[.accept] == "text/plain")
            #expect(sent[.range] == "bytes=-7")
            #expect(sent[.ifMatch] == "\"v1\"")
            #expect(sent[.acceptEncoding] == "identity")
            #expect(sent[.proxyAuthorization] == nil)
            #expect(sent[.ifNoneMatch] == nil)
            #expect(sent[.connection] == nil)
        }
    }
}

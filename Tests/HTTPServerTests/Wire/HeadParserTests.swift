import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Reading request heads")
struct HeadParserTests {
    @Test("A head is read into its parts, byte for byte")
    func parts() throws {
        let head = try RequestHead.parsed(
            "GET http://h:80/a%2F?b=|c HTTP/1.1\r\nHost: x\r\nX-Own:\t a b \t\r\nRANGE: bytes=0-1\r\nEmpty:\r\n\r\n")
        #expect(head.method == .get)
        #expect(head.target == "http://h:80/a%2F?b=|c")
        #expect(head.minorVersion == 1)
        #expect(head.fields.map { head.text($0.name) } == ["Host", "X-Own", "RANGE", "Empty"])
        #expect(head.fields.map { head.text($0.value) } == ["x", "a b", "bytes=0-1", ""])
        #expect(head.text(of: .range) == "bytes=0-1")
        #expect(head.framing == .none && head.isPersistent)
    }

    @Test(
        "What RFC 9112 allows is taken",
        arguments: [
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / none"), ("GET / HTTP/1.0\r\n\r\n", "GET / none"),
            ("GET / HTTP/1.9\r\nHost:a\r\n\r\n", "GET / none"),
            ("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "OPTIONS * none"),
            ("M-SEARCH / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "M-SEARCH / none"),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: caf\u{e9}\r\n\r\n", "GET / none"),
            ("GET / HTTP/1.1\r\nHost: a_b.c:\r\n\r\n", "GET / none"),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "POST / chunked"),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n", "POST / length(7)"),
            ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "CONNECT a:443 none"),
            ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b/ none"),
        ])
    func allowed(_ text: String, _ read: String) throws {
        let head = try RequestHead.parsed(text)
        #expect("\(head.methodText) \(head.target) \(head.framing)" == read)
    }

    @Test("What has two readings is refused, with the status that RFC 9110 and 9112 name", arguments: Smuggling.heads)
    func refused(_ shape: Smuggling.Shape) {
        let error = #expect(throws: RequestError.self) { try RequestHead.parsed(Array(shape.text.utf8)) }
        #expect(error?.status == shape.status, "\(shape.name)")
    }

    @Test("Whatever the cuts between reads, the same head comes out, and not a byte earlier")
    func anyCut() throws {
        let text = Array("\r\nPUT http://h/p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nA: b\r\n\r\nxyz".utf8)
        for size in 1...text.count {
            var reader = ReaderUnderTest()
            var log = ""
            for start in stride(from: 0, to: text.count, by: size) {
                reader.receive(text[start..<min(start + size, text.count)])
                while let part = reader.next() { log += part.summary }
            }
            #expect(log.replacing("|", with: "") == "PUT http://h/p 3xyzend", "reads of \(size)")
        }
    }

    @Test("The bytes after a request belong to the next one")
    func pipelined() throws {
        var reader = ReaderUnderTest()
        reader.receive("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3")
        #expect(reader.next()?.summary == "GET /1 1")
        #expect(reader.next()?.summary == "GET /2 1")
        #expect(reader.next() == nil)
        #expect(reader.holdsPartialHead)
        reader.receive(" HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(reader.next()?.summary == "GET /3 1")
        #expect(!reader.holdsPartialHead)
    }

    @Test("Nothing is read after something malformed")
    func dead() {
        var reader = ReaderUnderTest()
        reader.receive("bad\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(reader.next()?.summary == "malformed 400")
        #expect(reader.next() == nil)
        reader.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(reader.next() == nil)
    }

    @Test("Limits hold while the end has not come, and just below them nothing is refused")
    func limits() throws {
        let path = String(repeating: "x", count: HeadParser.longestTarget - 1)
        _ = try RequestHead.parsed("GET /\(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(status("GET /\(path)x HTTP/1.1\r\nHost: a\r\n\r\n") == 414)
        #expect(status("GET /\(path)" + String(repeating: "x", count: 200)) == 414)
        let fields = String(repeating: "a:b\r\n", count: HeadParser.mostFields - 1)
        _ = try RequestHead.parsed("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\n\(fields)a:b\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 70_000)) == 431)
        #expect(status("\(String(repeating: "M", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n") == 501)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n") == nil)
        let words = String(repeating: "close,", count: 31)
        _ = try RequestHead.parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(words)x\r\n\r\n")
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(words)x,\r\n\r\n") == 400)
        #expect(status("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(words)\r\nConnection: x\r\n\r\n") == 400)
    }

    @Test(
        "Connection says whether another request may follow, and which fields travel no further",
        arguments: [
            ("HTTP/1.1", "keep-alive", true), ("HTTP/1.1", "a, Close", false), ("HTTP/1.1", "x", true),
            ("HTTP/1.0", "x", false), ("HTTP/1.0", "Keep-Alive", true), ("HTTP/1.0", "keep-alive, close", false),
        ])
    func persistence(_ version: String, _ value: String, _ isPersistent: Bool) throws {
        let head = try RequestHead.parsed("GET / \(version)\r\nHost: a\r\nConnection: \(value)\r\nX: 1\r\n\r\n")
        #expect(head.isPersistent == isPersistent)
        head.bytes.withUnsafeBytes { base in
            let kept = head.fields.filter { head.isEndToEnd($0, in: base) }.map { head.text($0.name) }
            #expect(kept == (value == "x" ? ["Host"] : ["Host", "X"]))
        }
    }

    @Test("Field names are known in any case, and only as a whole")
    func names() {
        let known: [(String, FieldID)] = [
            ("hOST", .host), ("Content-Length", .contentLength), ("X-DRAGONFLY-TAG", .tag), ("te", .te), ("via", .via),
            ("x-dragonfly-nothing", .otherDragonfly), ("x-dragonfly-", .otherDragonfly), ("x-dragonfl", .other),
            ("Proxy-Authentication-Info", .proxyAuthenticationInfo), ("hosts", .other), ("if-modified-sinc", .other),
            ("X-Dragonfly-Enable-Task-ID-Based-Blob-Digest", .blobDigest), ("Accept-Encoding", .acceptEncoding),
            ("x-dragonfly-Output-Path", .outputPath), ("If-Unmodified-Since", .ifUnmodifiedSince),
        ]
        for (name, id) in known {
            Array(name.utf8).withUnsafeBytes { #expect(FieldID(name: $0) == id, "\(name)") }
        }
    }

    @Test("The sets of bytes are those of the RFCs")
    func byteSets() {
        let token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let host = "-._~!$&'()*+,;=%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for byte in UInt8.min ... .max {
            #expect(ASCIISet.token.contains(byte) == token.utf8.contains(byte))
            #expect(ASCIISet.host.contains(byte) == host.utf8.contains(byte))
            #expect(ASCIISet.target.contains(byte) == (0x21...0x7e ~= byte && !"\"#<>\\".utf8.contains(byte)))
        }
    }

    private func status(_ text: String) -> Int? {
        var reader = ReaderUnderTest()
        reader.receive(text)
        if case .malformed(let error)? = reader.next() { return error.status }
        return nil
    }
}

extension RequestPart {
    /// For comparing: one word for each part.
    var summary: String {
        switch self {
        case .head(let head): "\(head.methodText) \(head.target) \(head.fields.count)"
        case .body(let bytes): "|" + bytes.description
        case .end: "|end"
        case .malformed(let error): "malformed \(error.status)"
        }
    }
}

import Testing

@testable import HTTPServer

@Suite("The effective request URI (rule:effective-uri)")
struct EffectiveURITests {
    struct Case: Sendable {
        var line: String
        var host: String?
        var form: RequestHead.TargetForm
        /// Scheme, authority, path and query, as they stand there.
        var parts: [String]
    }

    @Test(
        "Its parts are those of the target, and of Host where the target has none",
        arguments: [
            Case(line: "GET /a/b?c=d", host: "h:80", form: .origin, parts: ["", "h:80", "/a/b", "?c=d"]),
            Case(line: "GET /", host: "h", form: .origin, parts: ["", "h", "/", ""]),
            Case(line: "GET /a", host: nil, form: .origin, parts: ["", "", "/a", ""]),
            Case(line: "GET //x/y", host: "h", form: .origin, parts: ["", "h", "//x/y", ""]),
            Case(line: "GET http://H:80/x?", host: "other", form: .absolute, parts: ["http", "H:80", "/x", "?"]),
            Case(line: "GET HTTPS://h", host: "h", form: .absolute, parts: ["HTTPS", "h", "", ""]),
            Case(line: "GET http://h?q=/x", host: "h", form: .absolute, parts: ["http", "h", "", "?q=/x"]),
            Case(
                line: "GET http://[::1]:8/a/../%2F", host: "h", form: .absolute,
                parts: ["http", "[::1]:8", "/a/../%2F", ""]),
            Case(line: "GET http:///x", host: "h", form: .absolute, parts: ["http", "", "/x", ""]),
            Case(line: "GET /?u=http://x/", host: "h", form: .origin, parts: ["", "h", "/", "?u=http://x/"]),
            Case(line: "CONNECT h:443", host: "h:443", form: .authority, parts: ["", "h:443", "", ""]),
            Case(line: "OPTIONS *", host: "h", form: .asterisk, parts: ["", "h", "*", ""]),
            Case(line: "GET x:/y", host: "h", form: .other, parts: ["", "h", "x:/y", ""]),
        ])
    func parts(_ one: Case) throws {
        let fields = one.host.map { "X: 1\r\nHost: \($0)\r\n" } ?? ""
        let head = try RequestHead.parsed("\(one.line) HTTP/1.\(one.host == nil ? 0 : 1)\r\n\(fields)\r\n")
        #expect(head.form == one.form)
        #expect([head.scheme, head.authority, head.path, head.query].map { head.text($0) } == one.parts)
    }

    @Test(
        "A line of the log shows the target without its query and user information",
        arguments: [
            ("GET /a/b?secret=1", "/a/b"), ("GET http://h/a?secret", "http://h/a"), ("GET /?", "/"),
            ("GET http://user:secret@h/a?b", "h/a"), ("GET http://user:se/cr@et@h:8/a", "h:8/a"),
            ("CONNECT user:secret@h:443", "h:443"), ("OPTIONS *", "*"),
        ])
    func loggedTarget(_ line: String, _ shown: String) throws {
        #expect(try RequestHead.parsed("\(line) HTTP/1.1\r\nHost: h\r\n\r\n").loggedTarget == shown)
    }
}

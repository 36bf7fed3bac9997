/// Requests that two servers may read differently, or that no server should read at all.
package enum Smuggling {
    package struct Shape: Sendable, CustomStringConvertible {
        package var name: String
        package var text: String
        package var status = 400

        package var description: String { name }
    }

    private static func field(_ name: String, _ lines: String, _ status: Int = 400) -> Shape {
        Shape(name: name, text: "POST http://h/ HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n", status: status)
    }

    private static func line(_ name: String, _ line: String, _ status: Int = 400) -> Shape {
        Shape(name: name, text: "\(line)\r\nHost: h\r\n\r\n", status: status)
    }

    private static func body(_ name: String, _ body: String, _ status: Int = 400) -> Shape {
        Shape(
            name: name, text: "POST http://h/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(body)",
            status: status)
    }

    /// Refused before a body is looked at.
    package static let heads: [Shape] = framing + fields + hosts + lines

    private static let framing = [
        field("CL and TE", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        field("TE and CL", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        field("CL twice, different", "Content-Length: 5\r\nContent-Length: 6"),
        field("CL twice, equal", "Content-Length: 5\r\nContent-Length: 5"),
        field("CL as a list", "Content-Length: 5, 5"),
        field("CL with plus", "Content-Length: +5"), field("CL with minus", "Content-Length: -5"),
        field("CL in hexadecimal", "Content-Length: 0x5"), field("CL with a blank inside", "Content-Length: 5 5"),
        field("CL for the connection only", "Connection: content-length\r\nContent-Length: 5"),
        field("Host for the connection only", "Connection: x, HOST"),
        line("CR alone after the version", "POST http://h/ HTTP/1.1\rX: y\r\nContent-Length: 5"),
        field("CL empty", "Content-Length:"), field("CL fraction", "Content-Length: 5.0"),
        field("CL too large", "Content-Length: 99999999999999999999"),
        field("CL just past 64 bits", "Content-Length: 18446744073709551617"),
        field("CL quoted", "Content-Length: \"5\""), field("CL underscore", "Content-Length: 1_0"),
        field("CL with vertical tab", "Content-Length: \u{b}5"),
        field("TE unknown last", "Transfer-Encoding: chunked, gzip"),
        field("TE identity", "Transfer-Encoding: identity"),
        field("TE xchunked", "Transfer-Encoding: xchunked"),
        field("TE chunked twice", "Transfer-Encoding: chunked, chunked"),
        field("TE on two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        field("TE identity on a second line", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        field("TE empty", "Transfer-Encoding:"), field("TE ends with a comma", "Transfer-Encoding: chunked,"),
        field("TE begins with a comma", "Transfer-Encoding: ,chunked"),
        field("TE with a parameter", "Transfer-Encoding: chunked;q=1"),
        field("TE quoted", "Transfer-Encoding: \"chunked\""), field("TE in quotes", "Transfer-Encoding: 'chunked'"),
        field("TE with vertical tab", "Transfer-Encoding: \u{b}chunked"),
        field("TE compressed", "Transfer-Encoding: gzip, chunked", 501),
        Shape(name: "TE in HTTP/1.0", text: "POST http://h/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ]

    private static let fields = [
        field("blank before the colon", "Content-Length : 5"),
        field("tab before the colon", "Transfer-Encoding\t: chunked"),
        field("folded", "X: a\r\n b"), field("folded with a tab", "Transfer-Encoding:\r\n\tchunked"),
        field("first field folded", " X: a"), field("no name", ": a"), field("no colon", "Transfer-Encoding chunked"),
        field("NUL in a value", "X: a\0b"), field("NUL in a name", "X\0Y: a"), field("escape in a value", "X: \u{1b}"),
        field("DEL in a value", "X: \u{7f}"), field("CR in a value", "X: a\rTransfer-Encoding: chunked"),
        field("LF in a value", "X: a\nTransfer-Encoding: chunked"), field("name not in ASCII", "X\u{e9}: a"),
        field("brackets in a name", "X[0]: a"), field("slash in a name", "X/Y: a"),
        Shape(name: "bare LF everywhere", text: "GET http://h/ HTTP/1.1\nHost: h\n\n"),
        Shape(name: "bare LF at the end", text: "GET http://h/ HTTP/1.1\r\nHost: h\r\n\n"),
        Shape(
            name: "a line of CR alone",
            text: "POST http://h/ HTTP/1.1\r\nHost: h\r\n\r\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Shape(name: "CR CR LF", text: "GET http://h/ HTTP/1.1\r\nHost: h\r\r\n\r\n"),
        Shape(
            name: "too many fields", text: "GET http://h/ HTTP/1.1\r\n" + String(repeating: "a:b\r\n", count: 200),
            status: 431),
    ]

    private static let hosts = [
        Shape(name: "no Host", text: "GET http://h/ HTTP/1.1\r\n\r\n"), field("two Hosts", "Host: i"),
        field("the same Host twice", "Host: h"),
        Shape(name: "Hosts as a list", text: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        Shape(name: "Host with a path", text: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Shape(name: "Host with user information", text: "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        Shape(name: "Host with a bad port", text: "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"),
        Shape(name: "Host with two ports", text: "GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n"),
        Shape(name: "Host with an open bracket", text: "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        Shape(name: "two Hosts in HTTP/1.0", text: "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    ]

    private static let lines = [
        line("no version", "GET http://h/"), line("lower-case version", "GET http://h/ http/1.1"),
        line("HTTP/2", "GET http://h/ HTTP/2.0", 505), line("HTTP/0.9", "GET http://h/ HTTP/0.9", 505),
        line("two-digit version", "GET http://h/ HTTP/1.10"), line("version without minor", "GET http://h/ HTTP/1"),
        line("version with a sign", "GET http://h/ HTTP/+1.1"),
        line("blank after the version", "GET http://h/ HTTP/1.1 "),
        line("two blanks", "GET  http://h/ HTTP/1.1"), line("tab instead of a blank", "GET\thttp://h/ HTTP/1.1"),
        line("blank in the target", "GET http://h/a b HTTP/1.1"), line("blank first", " GET http://h/ HTTP/1.1"),
        line("empty target", "GET  HTTP/1.1"), line("method in brackets", "G(T http://h/ HTTP/1.1"),
        line("NUL in the target", "GET http://h/\0 HTTP/1.1"),
        line("target not in ASCII", "GET http://h/\u{e9} HTTP/1.1"),
        line("fragment", "GET http://h/#a HTTP/1.1"), line("backslash", "GET http://h\\@i/ HTTP/1.1"),
        line("HTTP/2 preface", "PRI * HTTP/2.0", 505), line("only a word", "nonsense"),
        Shape(name: "TLS on the plain port", text: "\u{16}\u{3}\u{1}"),
        Shape(name: "two empty lines first", text: "\r\n\r\nGET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
        Shape(name: "long target", text: "GET /\(String(repeating: "x", count: 17_000))", status: 414),
        Shape(
            name: "long method", text: "\(String(repeating: "M", count: 40)) / HTTP/1.1\r\nHost: h\r\n\r\n", status: 501
        ),
    ]

    /// Some of each kind, for tests that send them over sockets; those that are too long by far.
    package static let overSockets =
        heads.filter {
            ["no Host", "two Hosts", "CL and TE", "CL twice, different", "TE compressed", "only a word"].contains(
                $0.name)
        } + [
            field("blank in a field name", "Bad Name: x"),
            Shape(
                name: "very long target",
                text: "GET http://h/\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\n\r\n",
                status: 414),
            field("very long field", "X: \(String(repeating: "x", count: 100_000))", 431),
        ]

    /// Well-formed heads with bodies that are not.
    package static let bodies = [
        body("size with a sign", "+5\r\nhello\r\n0\r\n\r\n"), body("size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        body("blank before the size", " 5\r\nhello\r\n0\r\n\r\n"),
        body("blank after the size", "5 \r\nhello\r\n0\r\n\r\n"),
        body("size missing", "\r\nhello\r\n0\r\n\r\n"), body("size no number", "g\r\nhello\r\n0\r\n\r\n"),
        body("size past 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        body("size with many zeros", "0000000000000005\r\nhello\r\n0\r\n\r\n"),
        body("bare LF after the size", "5\nhello\r\n0\r\n\r\n"),
        body("bare LF after the chunk", "5\r\nhello\n0\r\n\r\n"),
        body("chunk longer than its size", "4\r\nhello\r\n0\r\n\r\n"),
        body("no line end after the chunk", "5\r\nhello0\r\n\r\n"),
        body("CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        body("LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        body("extension without a name", "5;\r\nhello\r\n0\r\n\r\n"),
        body("extension open quote", "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
        body("extension escape at the end", "5;a=\"b\\\r\nhello\r\n0\r\n\r\n"),
        body("extension without a value", "5;a=\r\nx"),
        body("long extension", "5;\(String(repeating: "a", count: 2000))\r\nhello\r\n0\r\n\r\n"),
        body(
            "many extensions",
            String(repeating: "1;\(String(repeating: "a", count: 1000))\r\nx\r\n", count: 20) + "0\r\n\r\n"),
        body("folded trailer", "0\r\nX: a\r\n b\r\n\r\n"), body("trailer with a bare LF", "0\r\nX: a\n\r\n"),
        body("trailer without a colon", "0\r\nX\r\n\r\n"),
        body(
            "too many trailers", "0\r\n" + String(repeating: "X: \(String(repeating: "a", count: 900))\r\n", count: 12),
            431),
    ]
}

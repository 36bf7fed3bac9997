import SeedTestSupport

/// Makes requests by the grammar of RFC 9112: all of them valid.
struct RequestGenerator {
    var random: Seeded

    init(seed: UInt64) {
        random = Seeded(seed)
    }

    /// A request and what must come out of it.
    struct Made {
        var text: String
        var method: String
        var target: String
        var body: String
    }

    mutating func request() -> Made {
        let method = random.pick(["GET", "HEAD", "PUT", "POST", "OPTIONS", "M-SEARCH", "X!#$%&'*+.^_`|~"])
        let target = target()
        let version = random.pick(["1.1", "1.1", "1.1", "1.0"])
        var lines = [
            random.chance(1, in: 4) ? "" : nil, "\(method) \(target) HTTP/\(version)",
            "Host:\(blanks())\(host())\(blanks())",
        ]
        .compactMap(\.self)
        for _ in 0..<random.below(7) { lines.append(field()) }
        let (framing, wire, body) = body(version: version)
        if let framing {
            let start = lines[0].isEmpty ? 2 : 1
            lines.insert(framing, at: start + random.below(lines.count + 1 - start))
        }
        return Made(
            text: lines.map { $0 + "\r\n" }.joined() + "\r\n" + wire, method: method, target: target, body: body)
    }

    private mutating func blanks() -> String { random.pick(["", " ", "\t", "  \t "]) }
    private mutating func host() -> String {
        random.pick(["h", "a.b-c", "[::1]", "h:80", "h:", "", "127.0.0.1:65535"])
    }

    private mutating func target() -> String {
        let path = (0..<random.below(5)).map { _ in
            "/" + random.pick(["a", "b.c", "%2F", "..", "~", "", "{x}|"])
        }
        .joined()
        let query = random.pick(["", "?", "?a=b&c", "?q=%00", "?x=/?/"])
        return random.pick(["http://h\(path)\(query)", "https://[::1]:1\(path)\(query)", "/\(path)\(query)", "*"])
    }

    private mutating func field() -> String {
        let name = random.pick([
            "Accept", "X-A", "Range", "If-None-Match", "If-Range", "Via", "Cookie", "Expect", "Connection",
            "x!#$%&'*+-.^_`|~1",
            "X-Dragonfly-Tag", "TE", "Cache-Control", "Authorization",
        ])
        let value = random.pick([
            "", "a", "bytes=0-1,5-", "\"tag\", W/\"x\"", "keep-alive, close, x", "caf\u{e9} \u{1F980}", "a\tb",
            "100-continue",
            "1.1 other", "no-cache, max-age=\"1\"",
        ])
        return "\(name):\(blanks())\(value)\(blanks())"
    }

    private mutating func body(version: String) -> (field: String?, wire: String, body: String) {
        switch random.below(4) {
        case 0:
            let body = random.pick(["", "x", "hello\r\nworld", String(repeating: "y", count: 300)])
            return ("Content-Length: \(body.utf8.count)", body, body)
        case 1 where version == "1.1":
            let chunks = (0..<random.below(4)).map { _ in
                random.pick(["a", "\r\n", "0123456789abcdef0"])
            }
            var wire = ""
            for chunk in chunks { wire += "\(String(chunk.utf8.count, radix: 16))\(extensions())\r\n\(chunk)\r\n" }
            return (
                "Transfer-Encoding: chunked", wire + "0\(extensions())\r\n" + random.pick(["", "X: y\r\n"]) + "\r\n",
                chunks.joined()
            )
        default: return (nil, "", "")
        }
    }

    private mutating func extensions() -> String { random.pick(["", ";a", ";a=b", " ; a = \"b;\\\"c\"", ";a;b=c"]) }
}

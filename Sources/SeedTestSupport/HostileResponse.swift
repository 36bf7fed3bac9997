/// A random response of a malicious origin: folded lines in every place, controls, contradicting and repeated fields,
/// endless heads, odd chunks, trailers, interim heads and redirects, whole and broken off.
package struct HostileResponse: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Whether the origin goes on to read the next request on the connection.
    package private(set) var keepsConnection = false

    /// - Parameter target: where a redirect may lead.
    package init(_ random: inout Seeded, target: (inout Seeded) -> String) {
        if random.chance(1, in: 40) {
            bytes = random.garbage(below: 300)
            return
        }
        for _ in 0..<random.pick([0, 0, 0, 1, 3]) {
            add("HTTP/1.1 \(random.pick([100, 102, 103, 199])) I\r\n")
            addFields(&random, below: 4, target)
            add("\r\n")
        }
        add(random.statusLine())
        addFields(&random, below: random.pick([2, 12, 12, 40, 400]), target)
        if random.chance(1, in: 30) { add(random.statusLine()) }
        if random.chance(1, in: 40) { return }
        add(random.chance(1, in: 30) ? "\n" : "\r\n")
        addBody(&random)
        if random.chance(1, in: 12) { Mutation.apply(to: &bytes, &random) }
        keepsConnection = random.chance(1, in: 4)
    }

    private mutating func add(_ text: String) { bytes += text.utf8 }

    private mutating func addFields(_ random: inout Seeded, below bound: Int, _ target: (inout Seeded) -> String) {
        for _ in 0..<random.below(bound) {
            if random.chance(1, in: 16) { add("Location: \(target(&random))\r\n") } else { bytes += random.line() }
        }
    }

    private mutating func addBody(_ random: inout Seeded) {
        switch random.below(6) {
        case 0: break
        case 1: add("x")
        case 2: bytes += random.garbage(below: 2_000)
        default:
            add(
                random.pick([
                    "1\r\nx\r\n", "1;a=b\r\nx\r\n", "01\nx\n", "ffffffffffffffff\r\nx", "1\r\nx", "-1\r\nx\r\n",
                ]))
            add("0\r\n")
            for _ in 0..<random.pick([0, 0, 1, 5, 200]) { bytes += random.line() }
            add("\r\n")
        }
    }
}

extension Seeded {
    private static let lines = [
        "Content-Length: 1\r\n", "Content-Length: 0\r\n", "Content-Length: 1, 1\r\n",
        "Content-Length: 9223372036854775807\r\n",
        "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding:\r\n chunked\r\n", "Content-Range: bytes 0-0/1\r\n",
        "Content-Range: bytes 0-0/1152921504606846975\r\n", "Content-Range: bytes */9223372036854775807\r\n",
        "ETag: \"e\"\r\n",
        "ETag: W/\"e\"\r\n", "Cache-Control: max-age=0\r\n",
        "Cache-Control: private=\"a, b\", max-age=99999999999999\r\n",
        "Vary: Accept-Encoding\r\n", "Vary: *\r\n", "Connection: close\r\n", "Connection: keep-alive, X-1, ETag\r\n",
        "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\n", "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
        "Age: 99999999999\r\n",
        "Retry-After: 0\r\n", "Repr-Digest: sha-256=:x:\r\n", "Content-Encoding: gzip\r\n",
        "Content-Type: multipart/byteranges\r\n",
        "Trailer: X-1\r\n", "Upgrade: h2c\r\n", "WWW-Authenticate: NTLM\r\n", "Set-Cookie: a=b\r\n",
        "Alt-Svc: clear\r\n", " fold\r\n", "\tfold\r\n", " \r\n", "\t\r\n", " X-Folded: y\r\n", "no colon\r\n",
        ": nameless\r\n", "X : blank\r\n", "X:\r\n", "X: \u{1}\u{7f}\r\n", "X: y\n", "X: y\r", "\r\n", "X: y\u{0}z\r\n",
        "\u{0}\r\n",
    ].map { Array($0.utf8) }

    fileprivate mutating func line() -> [UInt8] {
        switch below(12) {
        case 0: Array("X-\(below(50)): ".utf8) + garbage(below: 200) + Array("\r\n".utf8)
        case 1: Array(" X-".utf8) + [UInt8](repeating: UInt8(ascii: "f"), count: below(4_000)) + Array(": y\r\n".utf8)
        case 2 where chance(1, in: 20):
            Array("X: ".utf8) + [UInt8](repeating: UInt8(below(256)), count: below(120_000)) + Array("\r\n".utf8)
        case 2, 3: Array("X-\(below(50)): \(String(repeating: "v", count: below(300)))\r\n".utf8)
        default: pick(Self.lines)
        }
    }

    fileprivate mutating func statusLine() -> String {
        let status = pick([
            200, 200, 200, 206, 206, 206, 301, 302, 302, 304, 404, 416, 403, 204, 500, 503, below(1_000),
        ])
        let version = pick(["1.1", "1.1", "1.1", "1.1", "1.0", "2", "1.7", "0.9"])
        return "HTTP/\(version) \(status) X\(chance(1, in: 30) ? "" : "\r")\n"
    }

    fileprivate mutating func garbage(below bound: Int) -> [UInt8] {
        (0..<below(bound)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

extension RawClient {
    /// Reads requests without bodies, one at a time, and responds to each as `respond` says, until that is nil, the
    /// connection isn't to be kept, or the peer has gone.
    package func serveHeads(_ respond: (_ target: String) -> (bytes: [UInt8], keepsConnection: Bool)?) throws {
        while true {
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
                let more = try read()
                if more.isEmpty { return }
                head += more
            }
            let words = head.split(separator: UInt8(ascii: " "), maxSplits: 2)
            guard words.count == 3, let (bytes, keeps) = respond(String(decoding: words[1], as: UTF8.self)) else {
                return
            }
            try send(bytes)
            if !keeps { return }
        }
    }
}

import SeedSupport

/// Where a TCP connection goes.
struct Endpoint: Hashable, Sendable {
    /// Without brackets.
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`. Nil for anything else.
    init?(authority: String, defaultPort: Int) {
        let text = Array(authority.utf8)
        let hostEnd: Int
        if text.first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")), close > 1 else { return nil }
            host = String(decoding: text[1..<close], as: UTF8.self)
            hostEnd = close + 1
        } else {
            hostEnd = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
            host = String(decoding: text[..<hostEnd], as: UTF8.self)
        }
        guard hostEnd > 0, host.utf8.allSatisfy({ Endpoint.isAllowed($0) }) else { return nil }
        // An empty port is the default one.
        guard hostEnd + 1 < text.count else {
            guard hostEnd == text.count || text[hostEnd] == UInt8(ascii: ":") else { return nil }
            port = defaultPort
            return
        }
        let digits = text[(hostEnd + 1)...]
        guard text[hostEnd] == UInt8(ascii: ":"), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(String(decoding: digits, as: UTF8.self)), (1...65535).contains(port)
        else { return nil }
        self.port = port
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && !"/?#@\\[]<>\"^`{|}".utf8.contains(byte)
    }

    /// `host:port`, an IPv6 address in brackets.
    var authority: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    var url: String { "http://\(authority)" }

    /// Whether the host is an IP address.
    var isAddress: Bool { IPAddress(host) != nil }
}

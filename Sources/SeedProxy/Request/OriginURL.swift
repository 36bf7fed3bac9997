import DragonflyIdentity
import HTTPSemantics
import HTTPServer

/// An absolute http or https URL taken apart for dialling. Path and query stay byte for byte as they were sent.
struct OriginURL: Hashable {
    var isTLS: Bool
    /// In its one form (`URLHost`); IPv6 addresses without brackets.
    var host: String
    /// 1–65535.
    var port: Int
    /// Begins with `/`, or with `?` when the path is empty.
    var path: Substring
    /// With its `?`; empty when there is none. A fragment is dropped: it is never sent (RFC 9110 §4.2.5).
    var query: Substring

    /// The target of a request to an origin server (RFC 9112 §3.2.1, §3.2.4).
    func originForm(for method: HTTPMethod) -> String {
        if method == .options, path.isEmpty, query.isEmpty { return "*" }
        return String((path.isEmpty ? "/" : path) + query)
    }
    /// The target of a request to a proxy (RFC 9112 §3.2.2, §3.2.4).
    func absoluteForm(for method: HTTPMethod) -> String {
        method == .options && path.isEmpty && query.isEmpty ? "\(scheme)://\(authority)" : text
    }
    /// Host and port as `Host` wants them: without the scheme's own port.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == defaultPort ? name : "\(name):\(port)"
    }
    var withoutQuery: String { origin + (path.isEmpty ? "/" : path) }
    /// Scheme and authority.
    var origin: String { "\(scheme)://\(authority)" }
    /// The whole URL, for fetching.
    var text: String { withoutQuery + query }

    private var scheme: String { isTLS ? "https" : "http" }
    private var defaultPort: Int { isTLS ? 443 : 80 }

    /// Applies a rule's `useTLS` and `redirect`. A port that was only the old scheme's default moves with the scheme.
    func rewritten(by rule: ProxyRule) throws(Refusal) -> OriginURL {
        var url = self
        if rule.useTLS, !isTLS {
            url.isTLS = true
            if port == defaultPort { url.port = 443 }
        }
        guard let authority = rule.redirect else { return url }
        url.port = url.defaultPort
        try url.take(authority: authority[...])
        return url
    }
}

extension OriginURL {
    /// The effective request URI of a target in absolute form, as it was resolved with the head (rule:effective-uri). A
    /// fragment is not in there: the parser refuses it.
    /// - Throws: 400 `proxy` unless it is an absolute http or https URL with a host.
    init(_ head: RequestHead) throws(Refusal) {
        guard head.form == .absolute else { throw .originForm }
        try self.init(
            scheme: head.text(head.scheme), authority: head.text(head.authority)[...],
            path: head.text(head.path)[...], query: head.text(head.query)[...])
    }

    /// - Throws: 400 `proxy` unless it is an absolute http or https URL with a host.
    init(_ text: String) throws(Refusal) {
        // Bytes, not characters: a combining mark after a slash must not hide it.
        let bytes = text.utf8
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") }) else {
            throw .badRequest("The URL holds blanks, backslashes or control characters.")
        }
        guard bytes.first != UInt8(ascii: "/"), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[colon...].starts(with: "://".utf8)
        else { throw .originForm }
        let rest = text[bytes.index(colon, offsetBy: 3)...]
        let pathStart = rest.utf8.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let queryStart = rest[pathStart...].utf8.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        let (path, query) = Self.withoutFragment(String(rest[pathStart..<queryStart]), String(rest[queryStart...]))
        try self.init(scheme: String(text[..<colon]), authority: rest[..<pathStart], path: path, query: query)
    }

    private init(scheme: String, authority: Substring, path: Substring, query: Substring) throws(Refusal) {
        switch scheme.lowercased() {
        case "http": isTLS = false
        case "https": isTLS = true
        default: throw .badRequest("Only http and https URLs are served.")
        }
        (host, port) = ("", isTLS ? 443 : 80)
        (self.path, self.query) = (path, query)
        try take(authority: authority)
    }

    /// A fragment may begin in the path, and what looks like a query behind it belongs to it.
    private static func withoutFragment(_ path: String, _ query: String) -> (Substring, Substring) {
        let hash = UInt8(ascii: "#")
        if let mark = path.utf8.firstIndex(of: hash) { return (path[..<mark], "") }
        return (path[...], query[..<(query.utf8.firstIndex(of: hash) ?? query.endIndex)])
    }

    /// Reads `host[:port]`. User information is refused: it is a credential where logs would show it.
    private mutating func take(authority: Substring) throws(Refusal) {
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw .badRequest("The URL's host must be in ASCII; write international names as xn--….")
        }
        guard !authority.contains("@") else { throw .badRequest("User and password don't belong into the URL.") }
        let (name, portText) = try Self.split(authority)
        guard !name.isEmpty else { throw .badRequest("The URL has no host.") }
        // Decoded, it would be a different host from the one that the rules and the block list saw.
        guard !name.contains("%") else { throw .badRequest("The URL's host must not be percent-encoded.") }
        let isAddress = authority.first == "["
        guard name.utf8.allSatisfy({ ASCIISet.host.contains($0) || isAddress && $0 == UInt8(ascii: ":") }) else {
            throw .badRequest("The URL's host holds a character that no host has.")
        }
        // What is judged, matched and dialled is one spelling.
        guard let canonical = URLHost.canonical(isAddress ? "[\(name)]" : String(name)) else {
            throw .badRequest("The URL's host is neither a name nor an address.")
        }
        host = isAddress ? String(canonical.dropFirst().dropLast()) : canonical
        guard let portText, !portText.isEmpty else { return }
        guard portText.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(portText), 1...65_535 ~= number else {
            throw .badRequest("The URL's port is no number from 1 to 65535.")
        }
        port = number
    }

    private static func split(_ authority: Substring) throws(Refusal) -> (host: Substring, port: Substring?) {
        guard authority.first == "[" else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0], parts.count > 1 ? parts[1] : nil)
        }
        guard let close = authority.firstIndex(of: "]") else { throw .badRequest("The IPv6 address has no end.") }
        let rest = authority[authority.index(after: close)...]
        guard rest.isEmpty || rest.first == ":" else { throw .badRequest("The URL's port is not understood.") }
        return (authority[authority.index(after: authority.startIndex)..<close], rest.isEmpty ? nil : rest.dropFirst())
    }
}

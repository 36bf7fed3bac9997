/// The parts of a URL that an HTTP request is made of. Nothing is decoded, encoded or put in order: the bytes of the
/// URL are the bytes of the request line.
struct RequestTarget: Hashable, Sendable {
    let isSecure: Bool
    /// Of the origin.
    let endpoint: Endpoint
    /// The value of `Host`: the host as written, and its port if one is written.
    let authority: String
    /// For a proxy: the URL without its fragment.
    let absoluteForm: String
    /// For an origin: path and query.
    let originForm: String

    /// - Throws: ``DragonflyError/invalidArgument(_:)`` when the URL is not `http://…` or `https://…`, has user info, or
    ///   holds a byte that would end the request line.
    init(_ url: String) throws(DragonflyError) {
        let text = Array(url.utf8)
        guard let authorityStart = RequestTarget.authorityStart(text) else {
            throw .invalidArgument("\(url.debugDescription) does not begin with http:// or https://")
        }
        guard text.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .invalidArgument("\(url.debugDescription) holds spaces or control characters; percent-encode them")
        }
        let end = text.firstIndex(of: UInt8(ascii: "#")) ?? text.count
        let pathStart = text[authorityStart..<end].firstIndex { "/?\\".utf8.contains($0) } ?? end
        isSecure = text[4] | 0x20 == UInt8(ascii: "s")
        authority = String(decoding: text[authorityStart..<pathStart], as: UTF8.self)
        guard !text[authorityStart..<pathStart].contains(UInt8(ascii: "@")) else {
            throw .invalidArgument("the URL holds a user name or password; send them in an Authorization header")
        }
        guard let endpoint = Endpoint(authority: authority, defaultPort: isSecure ? 443 : 80) else {
            throw .invalidArgument("\(authority.debugDescription) is not a host with an optional port")
        }
        guard !isSecure || endpoint.host.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw .invalidArgument("the host of an https URL must be in its ASCII form (xn--…): \(endpoint.host)")
        }
        self.endpoint = endpoint
        absoluteForm = String(decoding: text[..<end], as: UTF8.self)
        let path = String(decoding: text[pathStart..<end], as: UTF8.self)
        originForm = path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
    }

    private static func authorityStart(_ text: [UInt8]) -> Int? {
        for scheme in ["http://", "https://"] {
            let length = scheme.utf8.count
            if text.count > length, zip(text, scheme.utf8).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 }) { return length }
        }
        return nil
    }
}

extension RequestTarget {
    /// - Parameter location: of a redirect, in any form of RFC 3986 §4; dots are left to the server.
    func following(_ location: String) throws(DragonflyError) -> RequestTarget {
        let scheme = isSecure ? "https" : "http"
        let path = originForm.prefix { $0 != "?" }
        let text = location.utf8
        let whole =
            if text.starts(with: "//".utf8) {
                "\(scheme):\(location)"
            } else if text.starts(with: "/".utf8) {
                "\(scheme)://\(authority)\(location)"
            } else if text.starts(with: "?".utf8) {
                "\(scheme)://\(authority)\(path)\(location)"
            } else if text.prefix(while: { !"/?#".utf8.contains($0) }).contains(UInt8(ascii: ":")) {
                location
            } else {
                "\(scheme)://\(authority)\(path[...(path.lastIndex(of: "/") ?? path.startIndex)])\(location)"
            }
        return try RequestTarget(whole)
    }
}

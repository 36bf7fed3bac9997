import CCurl
import HTTPSemantics

/// A URL as curl's own parser splits it, so that the URL that is checked is the one that is dialled.
package struct TransferURL: Hashable, Sendable {
    /// The text as given: it is sent byte for byte.
    package let text: String
    package let scheme: String
    /// Lower case; IPv6 in brackets; the odd spellings of IPv4 made plain.
    package let host: String
    package let port: String

    /// Scheme, host and port: what credentials are meant for, what limits count by.
    package var origin: String { "\(scheme)://\(host):\(port)" }

    /// The URL without query and userinfo, for messages.
    package var publicText: String {
        String(Substring(text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }))
    }

    /// Path and query as they stand in the text: the request target in origin form. An empty path becomes a slash.
    package var target: String {
        let target = text.utf8[authority.upperBound...].prefix { $0 != UInt8(ascii: "#") }
        return target.first == UInt8(ascii: "/") ? String(Substring(target)) : "/" + Substring(target)
    }

    /// The request target for a proxy that reads the head (RFC 9112 §3.2.2), as it stands in the text.
    package var absoluteTarget: String { "\(scheme)://\(text[authority])\(target)" }

    /// The Host field as curl makes it: without the scheme's own port.
    var hostField: HTTPField {
        let isUsual = port == (scheme == "https" ? "443" : "80")
        return HTTPField(name: .host, value: isUsual ? host : "\(host):\(port)")
    }

    /// Host and port as they stand in the text. Found as curl finds them: after up to three slashes, up to the first of
    /// three characters.
    private var authority: Range<String.Index> {
        let bytes = text.utf8
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.startIndex
        let start = bytes[colon...].dropFirst().drop { $0 == UInt8(ascii: "/") }.startIndex
        return start..<(bytes[start...].firstIndex { Self.endsAuthority($0) } ?? bytes.endIndex)
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// Throws `badURL` if it is invalid, too long, not http or https, or contains user info.
    package init(_ text: String) throws(TransferError) {
        guard text.utf8.count <= MessageLimits.url else { throw Self.tooLong }
        guard let parts = Parts(text) else {
            throw TransferError(.badURL, "the URL is malformed; it must be absolute, with spaces and controls encoded")
        }
        try self.init(text, parts)
    }

    private static let tooLong = TransferError(.badURL, "the URL has more than \(MessageLimits.url) bytes")

    /// Where a `Location` leads, seen from this URL (RFC 3986 §5).
    package func resolving(_ location: String) throws(TransferError) -> TransferURL {
        guard location.utf8.count <= MessageLimits.location else {
            throw TransferError(.badURL, "the Location has more than \(MessageLimits.location) bytes")
        }
        guard let parts = Parts(text), parts.set(location), let target = parts.text(CURLUPART_URL) else {
            throw TransferError(.badURL, "\(publicText) redirects to a malformed URL")
        }
        guard target.utf8.count <= MessageLimits.url else { throw Self.tooLong }
        return try TransferURL(target, parts)
    }

    private init(_ text: String, _ parts: Parts) throws(TransferError) {
        guard let scheme = parts.text(CURLUPART_SCHEME), ["http", "https"].contains(scheme) else {
            throw TransferError(.badURL, "the URL's scheme is neither http nor https")
        }
        guard parts.text(CURLUPART_USER) == nil, parts.text(CURLUPART_PASSWORD) == nil else {
            throw TransferError(.badURL, "the URL holds a user name or password; send an Authorization header instead")
        }
        guard let host = parts.text(CURLUPART_HOST), let port = parts.text(CURLUPART_PORT) else {
            throw TransferError(.badURL, "the URL names no host")
        }
        self.text = text
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

    /// The host of a proxy's URL, which may hold a user.
    static func host(of text: String) -> String? {
        Parts(text)?.text(CURLUPART_HOST)?.lowercased()
    }

    /// Owner of curl's parser handle.
    private final class Parts {
        private let handle: OpaquePointer

        init?(_ text: String) {
            guard let handle = curl_url() else { return nil }
            self.handle = handle
            guard set(text) else { return nil }
        }

        deinit { curl_url_cleanup(handle) }

        func set(_ text: String) -> Bool {
            // A NUL would end the C string early: what is checked and what is sent would differ.
            guard !text.utf8.contains(0) else { return false }
            return curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME))
                == CURLUE_OK
        }

        func text(_ part: CURLUPart) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &value, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK, let value else {
                return nil
            }
            defer { curl_free(value) }
            return String(cString: value)
        }
    }
}

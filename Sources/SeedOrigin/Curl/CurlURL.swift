import CCurl

/// A URL as curl's own parser takes it apart, so that what is judged is what is dialled.
struct CurlURL: Hashable {
    /// The text as given: it is sent byte for byte.
    let text: String
    let scheme: String
    /// Lower case; IPv6 in brackets; the odd spellings of IPv4 made plain.
    let host: String
    let port: String

    /// Scheme, host and port: what credentials are meant for, what limits count by.
    var origin: String { "\(scheme)://\(host):\(port)" }

    /// The URL without query and userinfo, for messages.
    var publicText: String { String(text.prefix { $0 != "?" && $0 != "#" }) }

    /// Path and query as they stand in the text, where curl would encode some of it: bytes beyond ASCII. Nil otherwise.
    var verbatimTarget: String? {
        guard text.utf8.contains(where: { $0 >= 0x80 }), let authority = text.firstRange(of: "://") else { return nil }
        let target = text[authority.upperBound...].drop { !"/?#".contains($0) }.prefix { $0 != "#" }
        return target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// Refuses (`badURL`) what is no URL, has another scheme than http and https, or holds userinfo.
    init(_ text: String) throws(OriginError) {
        guard let parts = Parts(text) else {
            throw OriginError(.badURL, "the URL is malformed; it must be absolute, with spaces and controls encoded")
        }
        try self.init(text, parts)
    }

    /// Where a `Location` leads, seen from this URL (RFC 3986 §5).
    func resolving(_ location: String) throws(OriginError) -> CurlURL {
        guard let parts = Parts(text), parts.set(location), let target = parts.text(CURLUPART_URL) else {
            throw OriginError(.badURL, "\(publicText) redirects to a malformed URL")
        }
        return try CurlURL(target, parts)
    }

    private init(_ text: String, _ parts: Parts) throws(OriginError) {
        guard let scheme = parts.text(CURLUPART_SCHEME), ["http", "https"].contains(scheme) else {
            throw OriginError(.badURL, "the URL's scheme is neither http nor https")
        }
        guard parts.text(CURLUPART_USER) == nil, parts.text(CURLUPART_PASSWORD) == nil else {
            throw OriginError(.badURL, "the URL holds a user name or password; send an Authorization header instead")
        }
        guard let host = parts.text(CURLUPART_HOST), let port = parts.text(CURLUPART_PORT) else {
            throw OriginError(.badURL, "the URL names no host")
        }
        self.text = text
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
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

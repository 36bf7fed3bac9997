package import HTTPSemantics
package import SeedSupport

/// One exchange: what is sent, and how.
package struct TransferRequest: Sendable {
    /// The request's body and how its end is told.
    package enum Body: Hashable, Sendable {
        case none
        /// Bytes; `Content-Length` is added unless it is among the fields.
        case length(Int64)
        /// `Transfer-Encoding: chunked` is added unless it is among the fields; a `Content-Length` is left out. It goes by
        /// HTTP/1.1.
        case chunked
    }

    package enum HTTPVersion: Hashable, Sendable {
        case http1
        /// HTTP/2 where TLS negotiates it.
        case http2
    }

    /// Whose certificates of a server are accepted.
    package enum Trust: Hashable, Sendable {
        /// Those signed by the authorities of the settings.
        case standard
        /// Those in a PEM text, and the system's if curl knows a directory of them: `SystemAuthorities` has the others.
        case authorities(Bytes)
        /// Any certificate: anyone on the path can read and change everything.
        case unverified
    }

    /// Says where to dial; and what to ask for, unless `target` does.
    package var url: TransferURL
    /// Goes into the request line octet for octet. It must hold no blank and no control character.
    package var target: [UInt8]
    package var method: HTTPMethod
    /// Sent in this order. Nothing is added but Host (first of all, unless it is here) and the framing of a body.
    package var fields: HTTPFields
    package var body = Body.none
    /// URL of the proxy that dials. Nil: that of the driver's settings.
    package var proxy: String?
    /// For the proxy alone: they go with CONNECT, or with the request where the proxy reads that. A tunnel that was opened
    /// with some is never used by requests with others.
    package var proxyFields = HTTPFields()
    package var httpVersion = HTTPVersion.http1
    /// Takes a connection of the pool, if there is one, and leaves it there, if it is clean then.
    package var reusesConnection = true
    package var trust = Trust.standard
    /// Goes out once more, on a fresh connection, after a 408 on a kept one, if it may be sent twice.
    package var repeatsAfter408 = true
    /// Name lookup, connection, tunnel and TLS handshake together. Nil: as the settings say.
    package var connectTimeout: Duration?
    /// Sends nothing: it is complete as soon as the request could be sent, and the connection is closed.
    package var onlyConnects = false
    /// How much is expected, in bytes; chooses the receive buffer. Nil: not known.
    package var expectedLength: Int64?
    /// How long nothing may move. Nil: as the settings say.
    package var noProgressTimeout: Duration?

    /// - Parameter target: nil: the URL's own, in absolute form where a proxy reads the head.
    package init(
        _ url: TransferURL, method: HTTPMethod = .get, target: [UInt8]? = nil, fields: HTTPFields = [:],
        isThroughPlainProxy: Bool = false
    ) {
        self.url = url
        self.method = method
        self.target = target ?? Array((isThroughPlainProxy ? url.absoluteTarget : url.target).utf8)
        self.fields = fields
    }

    var mayBeHTTP2: Bool { httpVersion == .http2 && body != .chunked && url.scheme == "https" }

    /// Whether it may be sent again on another connection when a kept one turns out to be dead.
    var isRepeatable: Bool { body == .none && [.get, .head, .options].contains(method) }

    /// The fields, which say that the body comes in chunks exactly if it does.
    var fieldsWithFraming: HTTPFields {
        var framed = fields
        framed.removeAll { $0.name == (body == .chunked ? .contentLength : .transferEncoding) }
        if body == .chunked, !framed.contains(.transferEncoding) {
            framed.append(HTTPField(name: .transferEncoding, value: "chunked"))
        }
        return framed
    }

    /// Bytes that are to be read from the socket at a time. Long buffers pay only where much comes, and none takes more
    /// than its share of the room. One that was chosen while there was little stays until the transfer ends: curl may not
    /// exchange it under way.
    /// - Parameter room: bytes that receive buffers may still have.
    func receiveBufferLength(in room: Int64) -> Int {
        let longest = (expectedLength ?? 0) >= 1 << 20 ? 512 << 10 : 64 << 10
        return [512 << 10, 64 << 10, 16 << 10].first { $0 <= longest && $0 <= largestShare(of: room) } ?? 4 << 10
    }

    /// A target with a line end would inject another request.
    var isTargetValid: Bool { !target.isEmpty && target.allSatisfy { $0 > 0x20 && $0 != 0x7f } }
}

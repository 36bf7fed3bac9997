package import HTTPSemantics
package import HTTPTransfers
package import SeedSupport

/// A request forwarded unchanged to its origin.
package struct PassThroughRequest: Sendable {
    package typealias Framing = TransferRequest.Body

    package var isTLS: Bool
    /// A name, or an address without brackets.
    package var host: String
    /// 1–65535.
    package var port: Int
    package var method: HTTPMethod
    /// The request target, sent octet for octet.
    package var target: [UInt8]
    /// The same for a proxy that reads the head.
    package var absoluteTarget: [UInt8]
    /// Sent in this order. `Content-Length` or `Transfer-Encoding` is added if `body` needs it and it isn't here. `Host`
    /// goes first of all.
    package var fields: HTTPFields
    package var body: Framing

    package init(
        isTLS: Bool, host: String, port: Int, method: HTTPMethod, target: [UInt8], absoluteTarget: [UInt8],
        fields: HTTPFields, body: Framing = .none
    ) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.method = method
        self.target = target
        self.absoluteTarget = absoluteTarget
        self.fields = fields
        self.body = body
    }

    /// Where to dial.
    var dialURL: String { "\(isTLS ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)/" }
}

/// What comes of a request that passes through, in this order: interim heads, the head, body, trailers, the end.
/// Requests for more of the body come in between.
package enum PassThroughEvent: Sendable {
    /// 1xx, but never 101.
    case interim(TransferHead)
    /// Also while the request's body is still coming: `TransferDelegate.transferHead` says what becomes of that.
    case head(TransferHead)
    /// Without transfer coding, not empty. `PassThroughTransfer.took` tells when it was passed on.
    case body(Bytes)
    case trailers(HTTPFields)
    /// After `PassThroughTransfer.send` said false.
    case bodyWanted
    /// The last one.
    case end(PassThroughOutcome)
}

/// How a request that passes through ended.
package enum PassThroughOutcome: Hashable, Sendable {
    /// The response ended as its framing says; one without a framing ended with its connection.
    case complete
    case failed(OriginError)
}

import HTTPTypes
import NIOCore
import NIOHTTP1

// What SwiftNIO's request decoder delivers, in our words. Another decoder would need this file only.

extension RequestPart where Bytes == ByteBuffer {
    init(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): self = .head(RequestHead(head))
        case .body(let bytes): self = .body(bytes)
        case .end: self = .end
        }
    }
}

extension RequestHead {
    init(_ head: HTTPRequestHead) {
        let fields = HTTPFields(head.headers)
        self.init(
            method: head.method.rawValue, target: head.uri, minorVersion: head.version.minor, fields: fields,
            // The decoder stops at these two, because what follows might be another protocol.
            isPersistent: head.isKeepAlive && head.method != .CONNECT && !fields.contains(.upgrade))
    }
}

extension Refusal {
    /// The answer to bytes that are no HTTP request; nil for errors of the connection itself.
    init?(decoding error: any Error) {
        guard let error = error as? HTTPParserError else { return nil }
        self = error == .headerOverflow ? .headTooLarge : .badRequest("The request is not well-formed HTTP/1.1.")
    }
}

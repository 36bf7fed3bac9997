import NIOCore
import NIOHTTP1

/// Writes a request to an origin: a head made beforehand, byte for byte, then the body in its framing.
///
/// The decoder of the answer sees the parts on their way down, from which it knows whether an answer has a body.
final class OriginRequestEncoder: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = IOData

    private let head: ByteBuffer
    private let isChunked: Bool

    init(head: ByteBuffer, isChunked: Bool) {
        self.head = head
        self.isChunked = isChunked
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: context.write(wrapOutboundOut(.byteBuffer(head)), promise: promise)
        case .body(let body):
            guard case .byteBuffer(let bytes) = body, isChunked else {
                return context.write(wrapOutboundOut(body), promise: promise)
            }
            for part in Chunk.framed(bytes) { context.write(wrapOutboundOut(.byteBuffer(part)), promise: nil) }
            promise?.succeed()
        case .end:
            guard isChunked else { return context.write(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: promise) }
            context.write(wrapOutboundOut(.byteBuffer(Chunk.last)), promise: promise)
        }
    }
}

/// The chunked transfer coding as we write it (RFC 9112 §7.1).
enum Chunk {
    static let last = ByteBuffer(string: "0\r\n\r\n")
    private static let end = ByteBuffer(string: "\r\n")
    /// Up to here a copy costs less than three entries in a channel's queue.
    private static let copyLength = 4096

    /// - Parameter bytes: not empty; an empty chunk would be the last one.
    static func framed(_ bytes: ByteBuffer) -> [ByteBuffer] {
        guard bytes.readableBytes > 0 else { return [] }
        var head = ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")
        guard bytes.readableBytes <= copyLength else { return [head, bytes, end] }
        head.writeImmutableBuffer(bytes)
        head.writeImmutableBuffer(end)
        return [head]
    }
}

extension RequestHead {
    /// The head that an origin gets to see: the client's fields without those about this connection or for this
    /// server, and our name.
    /// - Parameters:
    ///   - asksOneByte: instead of by HEAD.
    ///   - proxy: reads the head before the origin does; nil also when it only holds a tunnel open.
    func forOrigin(_ url: OriginURL, via name: String, asksOneByte: Bool, proxy: OriginProxy?) -> ByteBuffer {
        var head = HeadBytes(capacity: bytes.readableBytes + 256)
        let target = proxy == nil ? url.originForm(for: methodText) : url.absoluteForm(for: methodText)
        head.line(asksOneByte ? "GET" : methodText, " ", target, " HTTP/1.1")
        if let authorization = proxy?.authorization { head.field("Proxy-Authorization", authorization) }
        if asksOneByte { head.field("Range", "bytes=0-0") }
        head.field("Host", url.authority)
        bytes.withUnsafeReadableBytes { base in
            for field in fields where isEndToEnd(field, in: base) && !isRewritten(field) {
                if asksOneByte, field.id == .range { continue }
                head.field(field.name.bytes(of: base), field.value.bytes(of: base))
            }
        }
        if let hops = forwardsLeft { head.field("Max-Forwards", hops) }
        head.field("Via", "1.\(minorVersion) \(name)")
        if isChunked { head.field("Transfer-Encoding", "chunked") }
        head.field("Connection", "close")
        return head.finish()
    }

    /// Fields written anew. HTTP/1.0 knows no expectations (RFC 9110 §10.1.1).
    private func isRewritten(_ field: Field) -> Bool {
        switch field.id {
        case .host: true
        case .expect: minorVersion == 0
        case .maxForwards: forwardsLeft != nil
        default: false
        }
    }

    /// RFC 9110 §7.6.2: counted down by every proxy, for these two methods.
    private var forwardsLeft: Int? {
        guard method == .options || method == .trace else { return nil }
        guard let value = text(of: .maxForwards), value.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(value).map { max(0, $0 - 1) }
    }
}

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A seed peer as far as `https` goes: it answers `CONNECT`, ends the TLS itself with the certificate of
/// `TestCertificates`, and answers every request inside with one text.
final class TunnelPeer: Sendable {
    struct Seen: Sendable {
        var connects: [HTTPRequestHead] = []
        var requests: [HTTPRequestHead] = []
    }

    private let channel: any Channel
    private let seen: SeenBox

    final class SeenBox: Sendable {
        let value = Mutex(Seen())
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var connects: [HTTPRequestHead] { seen.value.withLock { $0.connects } }
    var requests: [HTTPRequestHead] { seen.value.withLock { $0.requests } }

    /// - Parameter refusal: what `CONNECT` is answered instead of 200, with its header fields.
    init(refusal: (HTTPResponseStatus, HTTPHeaders)? = nil) async throws {
        let tls = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.certificate.utf8))
                    .map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(TestCertificates.key.utf8), format: .pem))))
        let seen = SeenBox()
        self.seen = seen
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
                    try channel.pipeline.syncOperations.addHandler(
                        TunnelEntrance(tls: tls, seen: seen, refusal: refusal))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() { channel.close(promise: nil) }
}

/// Answers `CONNECT` and makes way for TLS.
private final class TunnelEntrance: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let tls: NIOSSLContext
    private let seen: TunnelPeer.SeenBox
    private let refusal: (HTTPResponseStatus, HTTPHeaders)?

    init(tls: NIOSSLContext, seen: TunnelPeer.SeenBox, refusal: (HTTPResponseStatus, HTTPHeaders)?) {
        self.tls = tls
        self.seen = seen
        self.refusal = refusal
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): seen.value.withLock { $0.connects.append(head) }
        case .body: break
        case .end: answer(context)
        }
    }

    /// Bytes and no encoder, which would frame a body.
    private func answer(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        if let (status, headers) = refusal {
            let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
            let text = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\(lines)\r\nno tunnel"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
                bound.value.1.close(promise: nil)
            }
            return
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")), promise: nil)
        let decoder = try? context.pipeline.syncOperations.handler(
            type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        guard let decoder else { return context.close(promise: nil) }
        context.pipeline.syncOperations.removeHandler(decoder)
            .whenSuccess {
                let (entrance, context) = bound.value
                entrance.secure(context)
            }
    }

    private func secure(_ context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: tls))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false)
            try pipeline.addHandler(TunnelExit(seen: seen))
            pipeline.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }
}

/// Answers what comes through the tunnel.
private final class TunnelExit: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let seen: TunnelPeer.SeenBox

    init(seen: TunnelPeer.SeenBox) { self.seen = seen }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): seen.value.withLock { $0.requests.append(head) }
        case .body: break
        case .end:
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "6"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "secret")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

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
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withPipeliningAssistance: false, withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(
                        TunnelEntrance(tls: tls, seen: seen, refusal: refusal))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws { try await channel.close() }
}

/// Answers `CONNECT` and makes way for TLS.
private final class TunnelEntrance: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

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

    private func answer(_ context: ChannelHandlerContext) {
        let (status, headers) = refusal ?? (.ok, [:])
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if refusal != nil {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "no tunnel")))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        guard refusal == nil else { return context.close(promise: nil) }
        do {
            let pipeline = context.pipeline.syncOperations
            let removals = [
                pipeline.removeHandler(try pipeline.handler(type: HTTPResponseEncoder.self)),
                pipeline.removeHandler(try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)),
            ]
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            EventLoopFuture.andAllSucceed(removals, on: context.eventLoop).whenSuccess {
                let (entrance, context) = bound.value
                entrance.secure(context)
            }
        } catch {
            context.close(promise: nil)
        }
    }

    private func secure(_ context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: tls))
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
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

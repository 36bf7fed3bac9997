import NIOCore
import NIOTLS

/// Tells when TLS is set up, or why it is not; then it goes.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let host: String
    private let promise: EventLoopPromise<Void>

    init(host: String, promise: EventLoopPromise<Void>) {
        self.host = host
        self.promise = promise
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            promise.succeed()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(TransportError.connection("no TLS connection to \(host): \(error)"))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(TransportError.connection("no TLS connection to \(host): the connection ended"))
        context.fireChannelInactive()
    }
}

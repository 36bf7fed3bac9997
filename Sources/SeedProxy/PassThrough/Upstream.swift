import NIOCore
import NIOHTTP1

/// The origin's end of a relayed request: hands on what the channel tells, and decides nothing.
final class Upstream: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let relay: Relay

    private init(relay: Relay) {
        self.relay = relay
    }

    /// Adds the handlers of a connection to an origin, this one last.
    static func install(for relay: Relay, in channel: any Channel) throws {
        let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)
        try channel.pipeline.syncOperations.addHandlers(
            relay.makeEncoder(), ByteToMessageHandler(decoder), Upstream(relay: relay))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): relay.originAnswered(head)
        case .body(let bytes): relay.originSent(bytes)
        case .end: relay.originEnded()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        relay.originPaused()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        relay.originMayTakeMore()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        relay.originFailed(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        relay.originFailed(ChannelError.eof)
    }
}

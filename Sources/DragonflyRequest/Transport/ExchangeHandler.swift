import NIOCore
import NIOHTTP1

/// Runs one exchange after the other on a connection to a server.
final class ExchangeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Exchange.Start
    typealias OutboundOut = HTTPClientRequestPart

    private struct Running {
        let exchange: Exchange
        let isReused: Bool
        let deadline: Scheduled<Void>
        var hasHead = false
        var isKeptAlive = false
    }

    private let idleTimeout: TimeAmount
    /// Is told of each end of an exchange after which the connection may serve another one.
    private let onIdle: @Sendable (any Channel) -> Void
    private var running: Running?
    private var idleTimer: Scheduled<Void>?
    private var isReadHeld = false

    init(idleTimeout: TimeAmount, onIdle: @escaping @Sendable (any Channel) -> Void) {
        self.idleTimeout = idleTimeout
        self.onIdle = onIdle
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let start = unwrapOutboundIn(data)
        guard running == nil, context.channel.isActive else {
            start.exchange.fail(start.isReused ? .stale : .connection("the connection is not free"))
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        idleTimer?.cancel()
        idleTimer = nil
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let deadline = context.eventLoop.scheduleTask(in: start.timeout) {
            let (handler, context) = bound.value
            handler.end(context, with: .timeout("no complete answer in time"))
        }
        running = Running(exchange: start.exchange, isReused: start.isReused, deadline: deadline)
        context.write(wrapOutboundOut(.head(start.head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard running?.hasHead == false else {
                return end(context, with: .connection("the server sent an answer nobody asked for"))
            }
            running?.hasHead = true
            running?.isKeptAlive = head.isKeepAlive
            running?.exchange.received(head)
        case .body(let bytes):
            running?.exchange.received(bytes)
        case .end:
            complete(context)
        }
    }

    /// The channel asks by itself when it has delivered something. While the reader has enough, it is not let through.
    func read(context: ChannelHandlerContext) {
        isReadHeld = running?.exchange.isPaused == true
        if !isReadHeld { context.read() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleTimer?.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, with: TransportError(channelError: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, with: .connection("the connection ended before the answer did"))
        context.fireChannelInactive()
    }

    private func complete(_ context: ChannelHandlerContext) {
        guard let ended = running else { return }
        running = nil
        ended.deadline.cancel()
        ended.exchange.complete()
        guard ended.isKeptAlive, context.channel.isActive else { return context.close(promise: nil) }
        if isReadHeld { read(context: context) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        idleTimer = context.eventLoop.scheduleTask(in: idleTimeout) { bound.value.close(promise: nil) }
        onIdle(context.channel)
    }

    private func end(_ context: ChannelHandlerContext, with error: TransportError) {
        idleTimer?.cancel()
        if let ended = running {
            running = nil
            ended.deadline.cancel()
            let isStale = ended.isReused && !ended.hasHead && error.isOfConnection
            ended.exchange.fail(isStale ? .stale : error)
        }
        context.close(promise: nil)
    }
}

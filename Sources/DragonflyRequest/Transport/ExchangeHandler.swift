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
        let method: HTTPMethod
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
        running = Running(
            exchange: start.exchange, isReused: start.isReused, method: start.head.method, deadline: deadline)
        context.write(wrapOutboundOut(.head(start.head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard var current = running, !current.hasHead else {
                return end(context, with: .connection("the server sent an answer nobody asked for"))
            }
            current.hasHead = true
            // A tunnel's head has no length, which the decoder takes for a body up to the end of the connection.
            current.isKeptAlive = head.isKeepAlive || current.method == .CONNECT
            running = current
            current.exchange.received(head)
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

    /// The connection is back in the pool before the reader hears of the end: its next request shall find it there.
    private func complete(_ context: ChannelHandlerContext) {
        guard let ended = running else { return }
        running = nil
        ended.deadline.cancel()
        if ended.isKeptAlive, context.channel.isActive {
            if isReadHeld { read(context: context) }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            idleTimer = context.eventLoop.scheduleTask(in: idleTimeout) { bound.value.close(promise: nil) }
            onIdle(context.channel)
        } else {
            context.close(promise: nil)
        }
        ended.exchange.complete()
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

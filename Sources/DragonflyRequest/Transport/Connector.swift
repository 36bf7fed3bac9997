import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Opens connections: TCP, then for `https` through a seed peer a tunnel by `CONNECT`, then TLS.
struct Connector: Sendable {
    let idleTimeout: Duration
    let certificates: CertificateChecks
    let onIdle: @Sendable (any Channel, Route) -> Void

    /// A connection that waits for its first exchange.
    func connect(_ route: Route, deadline: NIODeadline) async throws(TransportError) -> any Channel {
        let channel = try await open(route.endpoint, deadline: deadline)
        do {
            let secured = route.isSecure ? try await certificates.context(isPeer: route.isPeer) : nil
            if let tunnel = route.tunnel {
                try await dig(to: tunnel, through: channel, authorization: route.authorization, deadline: deadline)
            }
            if let secured { try await secure(channel, with: secured, server: route.server, deadline: deadline) }
            try await channel.eventLoop.submit { try addHTTP(to: channel) { onIdle($0, route) } }.get()
            return channel
        } catch {
            channel.close(promise: nil)
            throw TransportError(channelError: error)
        }
    }

    func open(_ endpoint: Endpoint, deadline: NIODeadline) async throws(TransportError) -> any Channel {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(deadline - .now())
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
            .channelOption(.maxMessagesPerRead, value: 16)
        let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: (any Channel).self)
        let opening = bootstrap.connect(host: endpoint.host, port: endpoint.port)
        opening.cascade(to: promise)
        // A connection that comes after nobody wants it any more is closed.
        promise.futureResult.whenFailure { _ in opening.whenSuccess { $0.close(promise: nil) } }
        do {
            return try await promise.cancellableValue()
        } catch {
            throw TransportError(connectError: error)
        }
    }

    /// Asks the seed peer for a tunnel, as for anything else. What it answers before the tunnel is there is its refusal.
    private func dig(
        to tunnel: Endpoint, through channel: any Channel, authorization: String?, deadline: NIODeadline
    ) async throws {
        try await channel.eventLoop.submit { try addHTTP(to: channel) { _ in } }.get()
        let exchange = Exchange(on: channel)
        var head = HTTPRequestHead(
            version: .http1_1, method: .CONNECT, uri: tunnel.authority, headers: ["Host": tunnel.authority])
        if let authorization { head.headers.add(name: "Proxy-Authorization", value: authorization) }
        exchange.start(head, timeout: deadline - .now(), isReused: false)
        let answer = try await exchange.head()
        guard (200...299).contains(answer.status.code) else {
            throw TransportError.refused(await exchange.refusal(answer))
        }
        try await channel.eventLoop.flatSubmit {
            do { return try removeHTTP(from: channel) } catch { return channel.eventLoop.makeFailedFuture(error) }
        }.get()
    }

    private func secure(
        _ channel: any Channel, with context: NIOSSLContext, server: Endpoint, deadline: NIODeadline
    ) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            promise.fail(TransportError.timeout("no TLS connection to \(server.host) in time"))
        }
        channel.eventLoop.execute {
            do {
                // An address cannot be asked for by SNI; the certificate is then checked for the address dialled.
                let handler = try NIOSSLClientHandler(
                    context: context, serverHostname: server.isAddress ? nil : server.host)
                try channel.pipeline.syncOperations.addHandler(handler)
                try channel.pipeline.syncOperations.addHandler(HandshakeHandler(host: server.host, promise: promise))
            } catch {
                promise.fail(error)
            }
        }
        defer { timer.cancel() }
        try await promise.cancellableValue()
    }
}

/// What stands between the bytes of a connection and its exchanges.
extension Connector {
    private func addHTTP(to channel: any Channel, onIdle: @escaping @Sendable (any Channel) -> Void) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([
            HTTPRequestEncoder(),
            ByteToMessageHandler(
                HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop)),
            ExchangeHandler(idleTimeout: TimeAmount(idleTimeout), onIdle: onIdle),
        ])
    }

    /// After `CONNECT` the decoder takes no more; what comes through the tunnel needs a new one.
    private func removeHTTP(from channel: any Channel) throws -> EventLoopFuture<Void> {
        let pipeline = channel.pipeline.syncOperations
        let handlers: [any RemovableChannelHandler] = [
            try pipeline.handler(type: ExchangeHandler.self),
            try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self),
            try pipeline.handler(type: HTTPRequestEncoder.self),
        ]
        return .andAllSucceed(handlers.map { pipeline.removeHandler($0) }, on: channel.eventLoop)
    }
}

extension EventLoopPromise where Value: Sendable {
    /// What the promise brings, or `cancelled` as soon as the task is.
    fileprivate func cancellableValue() async throws -> Value {
        try await withTaskCancellationHandler {
            try await futureResult.get()
        } onCancel: {
            fail(TransportError.cancelled)
        }
    }
}

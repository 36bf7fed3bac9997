import Glibc
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOPosix
import NIOSSL
import SeedEngine
import SeedOrigin

/// Opens connections to origins for requests that go straight through. Name lookup runs on threads of its own, and
/// every address is judged before it is dialled (rule 24).
struct Dialer: Sendable {
    let addressGuard: AddressGuard
    let threads: NIOThreadPool
    /// Name lookups that wait or run: a resolver that does not answer must not gather a queue.
    let lookUps = BoundedCount(limit: 1024)
    let tls: NIOSSLContext
    let connectTimeout: TimeAmount
    /// Nil: origins are dialled directly.
    let proxy: OriginProxy?

    /// Connects to the first of the host's permitted addresses that accepts, or through the proxy.
    /// - Returns: the channel, or a `Refusal`: 403 (guard), 508 (our own listener), 502 (unreachable).
    func dial(
        _ url: OriginURL, on loop: any EventLoop, setUp: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        if let proxy { return dial(url, through: proxy, on: loop, setUp: setUp) }
        return addresses(of: url.host, port: url.port, on: loop)
            .flatMapThrowing { try permitted($0) }
            .flatMap { addresses in
                connect(to: addresses[...], on: loop) { channel in
                    if url.isTLS { try addTLS(to: channel, host: url.host) }
                    try setUp(channel)
                }
            }
    }

    /// The proxy looks names up and dials, so only an address that the URL itself names can be judged.
    private func dial(
        _ url: OriginURL, through proxy: OriginProxy, on loop: any EventLoop,
        setUp: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let isTunnel = url.isTLS
        let isAddress = IPAddress(url.host) != nil
        let named = isAddress ? addresses(of: url.host, port: url.port, on: loop) : loop.makeSucceededFuture([])
        return named.flatMapThrowing { named in
            if isAddress { _ = try permitted(named) }
        }.flatMap {
            addresses(of: proxy.host, port: proxy.port, on: loop)
        }.flatMap { addresses in
            connect(to: addresses[...], on: loop) { channel in
                if proxy.isTLS { try addTLS(to: channel, host: proxy.host) }
                if !isTunnel { try setUp(channel) }
            }
        }.flatMap { channel in
            guard isTunnel else { return loop.makeSucceededFuture(channel) }
            return dig(to: url, through: channel, proxy).flatMapThrowing {
                try addTLS(to: channel, host: url.host)
                try setUp(channel)
                return channel
            }.flatMapError { error in
                channel.close(promise: nil)
                return loop.makeFailedFuture(error)
            }
        }
    }

    /// Has the proxy open a tunnel, after which the channel is as if it led to the origin.
    private func dig(to url: OriginURL, through channel: any Channel, _ proxy: OriginProxy) -> EventLoopFuture<Void> {
        let opened = channel.eventLoop.makePromise(of: Void.self)
        var headers = HTTPHeaders()
        if let authorization = proxy.authorization { headers.add(name: "Proxy-Authorization", value: authorization) }
        do {
            let encoder = HTTPRequestEncoder()
            let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes))
            let connect = NIOHTTP1ProxyConnectHandler(
                targetHost: url.host.contains(":") ? "[\(url.host)]" : url.host, targetPort: url.port,
                headers: headers, deadline: .now() + connectTimeout, promise: opened)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandlers([encoder, decoder, connect])
            // Until the tunnel stands, what comes is the proxy's, and somebody waits for all of it.
            try channel.syncOptions?.setOption(.autoRead, value: true)
            return opened.futureResult.flatMapErrorThrowing { _ in
                throw Refusal.unreachable("The proxy in backend.proxy opens no tunnel to the origin.")
            }.assumeIsolated().flatMap {
                try? channel.syncOptions?.setOption(.autoRead, value: false)
                return pipeline.removeHandler(decoder).and(pipeline.removeHandler(encoder)).map { _ in }
            }.nonisolated()
        } catch {
            opened.fail(error)
            return opened.futureResult
        }
    }

    private func connect(
        to addresses: ArraySlice<SocketAddress>, on loop: any EventLoop,
        setUp: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        guard let address = addresses.first else {
            let whom = proxy == nil ? "The origin" : "The proxy in backend.proxy"
            return loop.makeFailedFuture(Refusal.unreachable("\(whom) does not accept connections."))
        }
        return ClientBootstrap(group: loop)
            .connectTimeout(connectTimeout)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setUp(channel) }
            }
            .connect(to: address)
            .flatMapError { _ in connect(to: addresses.dropFirst(), on: loop, setUp: setUp) }
    }

    private func addTLS(to channel: any Channel, host: String) throws {
        // An address is no server name (RFC 6066 §3); the certificate is then checked against the address.
        let name = IPAddress(host) == nil ? host : nil
        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
    }

    private func permitted(_ addresses: [SocketAddress]) throws(Refusal) -> [SocketAddress] {
        var reason = "The host has no address."
        let permitted = addresses.filter { address in
            guard let ip = address.ip else { return false }
            guard let refusal = addressGuard.refusal(of: ip) else { return true }
            reason = refusal
            return false
        }
        if permitted.isEmpty { throw Refusal(status: 403, culprit: .proxy, message: reason) }
        if permitted.contains(where: addressGuard.own.contains) { throw .loop }
        return permitted
    }

    /// An address in digits needs no lookup, and must not wait behind those of others.
    private func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        if IPAddress(host) != nil, let address = try? SocketAddress(ipAddress: host, port: port) {
            return loop.makeSucceededFuture([address])
        }
        guard lookUps.begin() else { return loop.makeFailedFuture(Refusal.tooManyLookUps) }
        return threads.runIfActive(eventLoop: loop) { [lookUps] in
            defer { lookUps.end() }
            return try Self.lookUp(host, port: port)
        }
    }

    /// Blocks until the resolver answers.
    private static func lookUp(_ host: String, port: Int) throws(Refusal) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else {
            throw .unreachable("The origin's name is not known: \(String(cString: gai_strerror(status))).")
        }
        return sequence(first: list, next: { $0?.pointee.ai_next }).prefix { $0 != nil }
            .compactMap { $0.flatMap { SocketAddress($0.pointee) } }
    }
}

extension SocketAddress {
    fileprivate init?(_ entry: addrinfo) {
        guard let address = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET: self.init(address.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self.init(address.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }
}

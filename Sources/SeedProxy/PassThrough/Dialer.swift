import Glibc
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import SeedOrigin

/// Opens connections to origins for requests that go straight through. Name lookup runs on threads of its own, and
/// every address is judged before it is dialled (rule 24).
struct Dialer: Sendable {
    let addressGuard: AddressGuard
    let threads: NIOThreadPool
    let tls: NIOSSLContext
    let connectTimeout: TimeAmount

    /// Connects to the first of the host's permitted addresses that accepts.
    /// - Returns: the channel, or a `Refusal`: 403 (guard), 508 (our own listener), 502 (unreachable).
    func dial(
        _ url: OriginURL, on loop: any EventLoop, setUp: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        threads.runIfActive(eventLoop: loop) { try Self.lookUp(url.host, port: url.port) }
            .flatMapThrowing { try permitted($0) }
            .flatMap { connect(to: $0[...], for: url, on: loop, setUp: setUp) }
    }

    private func connect(
        to addresses: ArraySlice<SocketAddress>, for url: OriginURL, on loop: any EventLoop,
        setUp: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        guard let address = addresses.first else {
            return loop.makeFailedFuture(Refusal.unreachable("The origin does not accept connections."))
        }
        return ClientBootstrap(group: loop)
            .connectTimeout(connectTimeout)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if url.isTLS { try addTLS(to: channel, host: url.host) }
                    try setUp(channel)
                }
            }
            .connect(to: address)
            .flatMapError { _ in connect(to: addresses.dropFirst(), for: url, on: loop, setUp: setUp) }
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

extension OwnListeners {
    /// - Parameter address: as bound. The unspecified address stands for all of this machine.
    package func add(_ address: SocketAddress) {
        if let ip = address.ip, let port = address.port { add(ip, port: port) }
    }

    func contains(_ address: SocketAddress) -> Bool {
        guard let ip = address.ip, let port = address.port else { return false }
        return contains(ip, port: port)
    }
}

extension SocketAddress {
    var ip: IPAddress? {
        withSockAddr { address, _ in IPAddress(socketAddress: address) }
    }

    fileprivate init?(_ entry: addrinfo) {
        guard let address = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET: self.init(address.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self.init(address.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }
}

extension Refusal {
    static func unreachable(_ message: String) -> Refusal {
        Refusal(status: 502, culprit: .backend, message: message)
    }
}

import Glibc
package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
package import SeedEngine
package import SeedOrigin
import Synchronization

/// What the loops' contexts are made of.
struct ProxySetup: Sendable {
    var configuration: ProxyConfiguration
    var engine: TaskEngine
    var dialer: Dialer
    var metrics: ProxyMetrics
    var rateLimiter: RequestRateLimiter?
    var clients: ClientCounts
    var logger: Logger
}

/// The front door: listens, and serves every connection on one of its event loops.
package final class ProxyServer: Sendable {
    /// Where it listens; the port is the real one if 0 was configured.
    package let address: SocketAddress
    package let metrics: ProxyMetrics
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    private let listener: any Channel
    private let loops: [NIOLoopBound<LoopContext>]
    private let ending = Mutex<Task<Void, Never>?>(nil)

    private init(
        group: MultiThreadedEventLoopGroup, threads: NIOThreadPool, listener: any Channel, address: SocketAddress,
        loops: [NIOLoopBound<LoopContext>], metrics: ProxyMetrics
    ) {
        self.group = group
        self.threads = threads
        self.listener = listener
        self.address = address
        self.loops = loops
        self.metrics = metrics
    }

    /// Opens the door. The engine must be ready.
    /// - Throws: `ProxyError`, in words for the person who configured the server.
    package static func start(
        _ configuration: ProxyConfiguration, engine: TaskEngine, addressGuard: AddressGuard, logger: Logger
    ) async throws -> ProxyServer {
        _ = try (ProxyPolicy(rules: configuration.rules), BlockMatcher(configuration.blockList))
        let tls = try clientTLS(extraRoots: configuration.extraTrustRoots)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let threads = NIOThreadPool(numberOfThreads: 4)  // name lookups only
        threads.start()
        do {
            let dialer = Dialer(
                addressGuard: addressGuard, threads: threads, tls: tls,
                connectTimeout: TimeAmount(configuration.connectTimeout), proxy: configuration.originProxy)
            let setup = ProxySetup(
                configuration: configuration, engine: engine, dialer: dialer, metrics: ProxyMetrics(),
                rateLimiter: RequestRateLimiter(perSecond: configuration.requestRateLimit),
                clients: ClientCounts(limit: configuration.connectionsPerClient), logger: logger)
            let loops = try await contexts(on: group, setup: setup)
            let listener = try await listen(configuration, group: group, loops: loops)
            guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
            addressGuard.own.add(address)
            for loop in loops { loop.eventLoop.execute { loop.value.startTicking(every: configuration.tickInterval) } }
            return ProxyServer(
                group: group, threads: threads, listener: listener, address: address, loops: loops,
                metrics: setup.metrics)
        } catch {
            try? await group.shutdownGracefully()
            try? await threads.shutdownGracefully()
            throw error
        }
    }

    /// Refuses what the new list says, in every request that comes after the return.
    /// - Throws: `ProxyError.badBlockList`; the list before stays in force then.
    package func replaceBlockList(_ list: BlockList) async throws(ProxyError) {
        _ = try BlockMatcher(list)
        for loop in loops {
            // Checked above; a loop that is gone has no requests.
            try? await loop.eventLoop.submit { loop.value.factory.blockList = try BlockMatcher(list) }.get()
        }
    }

    /// Closes the listener and idle connections at once, lets present requests finish, and cuts them after `limit`.
    /// A second call only waits for the first one's end.
    package func shutdown(within limit: Duration) async {
        let task = ending.withLock { ending in
            let task = ending ?? Task { await self.end(within: TimeAmount(limit)) }
            ending = task
            return task
        }
        await task.value
    }

    private func end(within limit: TimeAmount) async {
        try? await listener.close()
        // All loops begin before one is waited for.
        let drained = loops.map { loop in loop.eventLoop.flatSubmit { loop.value.drain(within: limit) } }
        for loop in drained { try? await loop.get() }
        try? await group.shutdownGracefully()
        // Not waited for: a lookup may hang longer than a stop may take.
        threads.shutdownGracefully { _ in }
    }
}

extension ProxyServer {
    private static func contexts(
        on group: MultiThreadedEventLoopGroup, setup: ProxySetup
    ) async throws -> [NIOLoopBound<LoopContext>] {
        var contexts: [NIOLoopBound<LoopContext>] = []
        for loop in group.makeIterator() {
            let context = try await loop.submit {
                let policy = try ProxyPolicy(rules: setup.configuration.rules)
                let context = LoopContext(eventLoop: loop, setup: setup, policy: policy)
                context.factory.blockList = try BlockMatcher(setup.configuration.blockList)
                return NIOLoopBound(context, eventLoop: loop)
            }.get()
            contexts.append(context)
        }
        return contexts
    }

    /// SwiftNIO survives running out of descriptors while accepting: it waits a second and goes on.
    private static func listen(
        _ configuration: ProxyConfiguration, group: MultiThreadedEventLoopGroup, loops: [NIOLoopBound<LoopContext>]
    ) async throws -> any Channel {
        let contexts = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: false)
            // What waits in the channel or unsent in the kernel counts as read and is fetched after, so it is kept short:
            // a slow client must not look like a fast one.
            .childChannelOption(.tcpOption(.unsentLowWater), value: 128 << 10)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let context = contexts[ObjectIdentifier(channel.eventLoop)] else { return }
                    try channel.pipeline.syncOperations.addHandler(ProxyConnection(loop: context.value))
                }
            }
        do {
            return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch let error as IOError {
            throw ProxyError.cannotListen(ListenFailure(error, host: configuration.host, port: configuration.port))
        }
    }

    private static func clientTLS(extraRoots: [String]) throws(ProxyError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        configuration.additionalTrustRoots = extraRoots.map { .file($0) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .badTrustRoot(path: extraRoots.joined(separator: ", "), reason: "\(error)")
        }
    }
}

extension NIOBSDSocket.Option {
    /// A socket with more unsent bytes than that takes no more (Linux, tcp(7)).
    fileprivate static let unsentLowWater = Self(rawValue: TCP_NOTSENT_LOWAT)
}

extension ProxyConfiguration {
    /// A quarter of the shortest time limit, 10 ms to 1 s.
    fileprivate var tickInterval: TimeAmount {
        let shortest = [idleTimeout, headTimeout, bodyTimeout, stallTimeout, lingerTimeout, relayTimeout].map(
            TimeAmount.init
        ).min()
        return max(.milliseconds(10), min(.seconds(1), .nanoseconds((shortest ?? .seconds(4)).nanoseconds / 4)))
    }
}

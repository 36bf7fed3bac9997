package import EventLoops
package import HTTPServer
package import SeedEngine
package import SeedOrigin
package import SeedSupport

/// The proxy's port: listens, and serves each connection on one of the event loops.
package final class ProxyServer: Sendable {
    /// Where it listens; the port is the real one if 0 was configured.
    package let address: SocketAddress
    package let metrics: ProxyMetrics
    private let server: Server
    private let forbidden: ForbiddenURLs

    private init(_ server: Server, at address: SocketAddress, _ forbidden: ForbiddenURLs, metrics: ProxyMetrics) {
        self.server = server
        self.forbidden = forbidden
        self.address = address
        self.metrics = metrics
    }

    /// What the server counts, whatever answers its requests.
    package var counters: ServerCounters { server.counters }

    /// Begins to listen. The engine must be ready.
    /// - Parameters:
    ///   - loops: run for longer than this server; they may serve others, too.
    ///   - gateway: the way to origins for requests that go straight through; it the listening address is added to it,
    ///     so that no request loops.
    /// - Throws: `ProxyStartError`, in words for the person who configured the server.
    package static func start(
        _ configuration: ProxyConfiguration, loops: [EventLoop], engine: TaskEngine, gateway: OriginGateway,
        logger: Logger, metrics registry: MetricsRegistry = MetricsRegistry(prefix: "")
    ) throws(ProxyStartError) -> ProxyServer {
        let metrics = ProxyMetrics(registry)
        let setup = ProxySetup(
            configuration: configuration, policy: try ProxyPolicy(rules: configuration.rules),
            blockList: try BlockMatcher(configuration.blockList), engine: engine, gateway: gateway, metrics: metrics,
            rateLimiter: RequestRateLimiter(perSecond: configuration.requestRateLimit), logger: logger)
        gateway.forbidden.replace(by: setup.blockList.blocks)
        let server = try listen(configuration.server, loops: loops, setup)
        guard let address = server.addresses.first else { preconditionFailure("a server listens where it was told to") }
        gateway.own.add(address)
        ProxyMetrics.declare(server.counters, in: registry)
        return ProxyServer(server, at: address, gateway.forbidden, metrics: metrics)
    }

    private static func listen(
        _ configuration: ServerConfiguration, loops: [EventLoop], _ setup: ProxySetup
    ) throws(ProxyStartError) -> Server {
        do throws(ListenError) {
            return try Server.start(configuration, loops: loops) { _ in ProxyApplication(setup) }
        } catch {
            throw .cannotListen(error)
        }
    }

    /// Puts a new block list in force.
    /// - Parameter done: called once it applies to every new request.
    /// - Throws: `ProxyStartError.badBlockList`; the list before stays in force then.
    package func replaceBlockList(
        _ list: BlockList, then done: @escaping @Sendable () -> Void
    ) throws(ProxyStartError) {
        let matcher = try BlockMatcher(list)
        forbidden.replace(by: matcher.blocks)
        server.onEachLoop({ Self.replaceBlockList(of: $0, matcher) }, then: done)
    }

    /// The same, waiting until it is in force.
    package func replaceBlockList(_ list: BlockList) async throws(ProxyStartError) {
        // Typed errors don't pass through the continuation.
        let result = await withCheckedContinuation { continuation in
            do throws(ProxyStartError) {
                try replaceBlockList(list) { continuation.resume(returning: Result<Void, ProxyStartError>.success(())) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        try result.get()
    }

    private static func replaceBlockList(of application: any Application, _ matcher: BlockMatcher) {
        (application as? ProxyApplication)?.factory.blockList = matcher
    }

    /// Serves on, and asks clients to go elsewhere: `Connection: close` on each response, and 503 to `GET /`.
    package func leave() { server.leave() }

    /// Closes the listener and idle connections at once, lets present requests finish, and cuts them after `limit`. A
    /// further call may set an earlier end.
    /// - Parameter done: called on some thread when no connection is left.
    package func drain(within limit: Duration, then done: @escaping @Sendable (DrainOutcome) -> Void) {
        server.drain(within: limit, then: done)
    }

    /// The same, waiting for the end.
    package func shutdown(within limit: Duration) async {
        await server.drain(within: limit)
    }
}

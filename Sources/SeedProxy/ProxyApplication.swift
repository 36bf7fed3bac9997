import EventLoops
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedOrigin
import SeedSupport

/// What the applications of all loops share.
struct ProxySetup: Sendable {
    var configuration: ProxyConfiguration
    var policy: ProxyPolicy
    var blockList: BlockMatcher
    var engine: TaskEngine
    var gateway: OriginGateway
    var metrics: ProxyMetrics
    var rateLimiter: RequestRateLimiter?
    var logger: Logger
}

/// The proxy on one event loop: chooses the responder of each request, and holds what its requests share. Touched on
/// that loop only.
final class ProxyApplication: Application {
    let configuration: ProxyConfiguration
    let engine: TaskEngine
    let gateway: OriginGateway
    let metrics: ProxyMetrics
    let logger: Logger
    /// The `Cache-Status` field of a hit, written once.
    let hitField: Bytes
    var factory: TaskRequestFactory
    private let credentials: ProxyCredentials?
    private let rateLimiter: RequestRateLimiter?

    init(_ setup: ProxySetup) {
        configuration = setup.configuration
        engine = setup.engine
        gateway = setup.gateway
        metrics = setup.metrics
        logger = setup.logger
        hitField = Bytes("Cache-Status: \(setup.configuration.name); hit\r\n")
        credentials = ProxyCredentials(setup.configuration.basicAuth)
        rateLimiter = setup.rateLimiter
        factory = TaskRequestFactory(policy: setup.policy, configuration: setup.configuration)
        factory.blockList = setup.blockList
    }

    func respond(to head: RequestHead, on connection: ClientConnection) {
        if head.isProbe { return respondToProbe(on: connection) }
        var request = ServedRequest(head, began: connection.eventLoop.now)
        if let refusal = refusal(of: &request.head, on: connection) {
            return refuse(refusal, request, on: connection)
        }
        switch factory.plan(for: request.head) {
        case .cached(let template): CachedResponder(request, template, self, connection).start()
        case .passThrough(let url): PassThroughResponder(request, to: url, self, connection).start()
        case .own(.options): respondToOptions(request, on: connection)
        case .own(.noTrace): refuse(.noTrace, request, on: connection)
        case .refused(let refusal): refuse(refusal, request, on: connection)
        }
    }

    func refuse(_ error: RequestError, on connection: ClientConnection) {
        write(Refusal(error), on: connection, keepsConnection: false)
    }

    /// Refuses requests before they are planned.
    private func refusal(of head: inout RequestHead, on connection: ClientConnection) -> Refusal? {
        if connection.isDraining { return .draining }
        if let rateLimiter, !rateLimiter.take() { return .rateLimited }
        if let credentials, !credentials.admit(&head) { return .wantsCredentials }
        if head.method == .connect { return .noTunnels }
        if head.present.contains(.expect), head.minorVersion > 0, !head.says(.expect, "100-continue") {
            return .unknownExpectation
        }
        return nil
    }
}

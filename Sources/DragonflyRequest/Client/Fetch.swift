import HTTPSemantics

/// One get in progress: its remaining attempts, and what each of them sends.
struct Fetch: Sendable {
    private let core: RequestCore
    private let request: GetRequest
    /// Whether all bytes are wanted in memory.
    private let gathers: Bool
    private let target: RequestTarget
    private let fieldsForPeer: HTTPFields
    /// The `Proxy-Authorization` of a `CONNECT`.
    private let tunnelAuthorization: HTTPField.Value?
    private let peers: any SeedPeerSource
    private var plan: AttemptPlan
    /// Since when seed peers seem to be gone; nil when the last attempt doesn't say so.
    private var missesPeers: RingRefresher.Moment?
    /// Only once, so that a body that keeps breaking ends.
    private var mayFallBack: Bool

    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    init(
        _ request: GetRequest, from peers: any SeedPeerSource, core: RequestCore, gathers: Bool = false
    ) throws(DragonflyError) {
        self.core = core
        self.peers = peers
        self.gathers = gathers
        self.request = request
        target = try RequestTarget(request.url)
        // A seed peer makes its certificate for the name in SNI, which cannot hold an address (RFC 6066 §3).
        guard !target.isSecure || !target.endpoint.isAddress || core.configuration.trust == .unverified else {
            throw .invalidArgument("the host of an https URL must be a name, or PeerTrust.unverified be chosen")
        }
        var fields = try request.headersForPeer()
        // Fields inside a tunnel go to the origin; the seed peer only sees those of the CONNECT.
        tunnelAuthorization = target.isSecure ? fields[content: .proxyAuthorization] : nil
        if target.isSecure { fields[.proxyAuthorization] = nil }
        fieldsForPeer = fields
        mayFallBack = core.configuration.fallsBackToOrigin
        plan = AttemptPlan(retry: core.configuration.retry)
    }

    /// The first response with a 2xx head.
    /// - Parameter error: Why the previous attempt failed; thrown again when no attempt is left.
    mutating func open(
        after error: DragonflyError? = nil, at point: ResumePoint? = nil
    ) async throws(DragonflyError) -> OpenResponse {
        var last = error ?? .hostNotFound("there is no seed peer to ask")
        while let attempt = try await nextAttempt() {
            try await Fetch.pause(attempt.delay)
            do {
                let route = Route(through: attempt.endpoint, authorization: tunnelAuthorization)
                return try await send(target, on: route, at: point)
            } catch {
                guard error.isRetryable else { throw error }
                last = error
            }
        }
        guard mayFallBack, last.allowsFallback else { throw last }
        mayFallBack = false
        core.record(.fallback)
        return try await askOrigin(at: point)
    }

    /// The rest of a body that broke.
    mutating func resume(
        after error: DragonflyError, at point: ResumePoint
    ) async throws(DragonflyError) -> OpenResponse {
        let response = try await open(after: error, at: point)
        guard point.accepts(response.head) else {
            throw .internal("\(response.head.endpoint): the object changed while its body was read; get it anew")
        }
        core.record(.resumption(endpoint: response.head.endpoint, offset: point.offset))
        return response
    }

    /// When the attempts are used up and seed peers seem to be gone, what discovery brings is waited for: all may have
    /// moved (rule:seed-peers-in-a-rollout). Not in an outage that is known, where the origin may be asked instead.
    private mutating func nextAttempt() async throws(DragonflyError) -> AttemptPlan.Attempt? {
        let endpoints = try await endpoints()
        if let attempt = plan.next(among: endpoints) { return attempt }
        guard let missesPeers, plan.isRenewable, !(missesPeers.isInOutage && mayFallBack),
            let found = await peers.endpoints(after: missesPeers)
        else { return nil }
        plan.renew()
        return plan.next(among: found)
    }

    /// None when the origin may be asked instead.
    private func endpoints() async throws(DragonflyError) -> [Endpoint] {
        do {
            return try await peers.endpoints()
        } catch .hostNotFound where mayFallBack {
            return []
        }
    }

    /// An attempt failed, in its head or in its body.
    mutating func failure(
        _ error: TransportError, on route: Route, hasBegun: Bool
    ) -> DragonflyError {
        if route.isPeer, let trouble = error.seedPeerFailure(hasBegun: hasBegun) {
            let moment = peers.report(trouble, at: route.endpoint)
            missesPeers = trouble == .brokenBody ? nil : missesPeers ?? moment
        } else {
            missesPeers = nil
        }
        let failure = DragonflyError(error, on: route)
        core.record(.failure(endpoint: route.name, error: failure))
        return failure
    }

    func record(_ event: RequestEvent) { core.record(event) }

    var resumesBrokenBodies: Bool { core.configuration.resumesBrokenBodies }

    private mutating func send(
        _ target: RequestTarget, on route: Route, at point: ResumePoint?, fields: HTTPFields? = nil
    ) async throws(DragonflyError) -> OpenResponse {
        var fields = fields ?? fieldsForPeer
        point?.apply(to: &fields)
        core.record(.attempt(endpoint: route.name))
        do {
            let response = try await core.transport.get(
                target, fields, on: route, timeout: request.timeout,
                expectedLength: request.range.map { Int64($0.count) }, gathers: gathers)
            core.record(.response(endpoint: route.name, cacheStatus: response.head.cacheStatus))
            return response
        } catch {
            throw failure(error, on: route, hasBegun: false)
        }
    }

    private static func pause(_ delay: Duration) async throws(DragonflyError) {
        guard delay > .zero else { return }
        do { try await Task.sleep(for: delay) } catch { throw .cancelled }
    }
}

/// The way without seed peers.
extension Fetch {
    private static let maximumRedirects = 10

    /// Asks the origin directly, following redirects.
    private mutating func askOrigin(at point: ResumePoint?) async throws(DragonflyError) -> OpenResponse {
        var target = target
        var fields = request.headersForOrigin()
        for _ in 0...Fetch.maximumRedirects {
            do {
                return try await send(target, on: Route(directlyTo: target), at: point, fields: fields)
            } catch {
                guard let next = try error.redirection(from: target) else { throw error.ofOrigin }
                let isSameOrigin = next.endpoint == target.endpoint && next.isSecure == target.isSecure
                if !isSameOrigin { fields = fields.forOtherOrigin }
                target = next
            }
        }
        throw .internal("origin: more than \(Fetch.maximumRedirects) redirects")
    }
}

extension DragonflyError {
    /// A response of the origin is final, and so is a cancellation.
    fileprivate var allowsFallback: Bool {
        switch self {
        case .backend, .cancelled, .invalidArgument: false
        default: true
        }
    }

    /// Where a response of the origin points to.
    fileprivate func redirection(from target: RequestTarget) throws(DragonflyError) -> RequestTarget? {
        guard let refusal, let status = refusal.status, [301, 302, 303, 307, 308].contains(status),
            let location = refusal.headers[.location]
        else { return nil }
        return try target.following(location)
    }

    /// A response from the origin itself is the origin's error, whatever its fields say.
    fileprivate var ofOrigin: DragonflyError {
        guard var refusal else { return self }
        refusal.message = ""
        return .backend(refusal)
    }
}

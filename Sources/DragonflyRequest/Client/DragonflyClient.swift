/// Gets objects through the seed peers that consistent hashing picks for each of them.
///
/// Every range of one object goes to the same few seed peers, whichever program asks: each keeps only its share, and
/// what one client fetched is a hit for the next. One client serves a whole program; it may be used by any number of
/// tasks at once.
public final class DragonflyClient: DragonflyRequesting {
    private let core: RequestCore
    private let ring: RingRefresher
    private let refreshing: Task<Void, Never>

    /// Looks for seed peers once, then on every interval and when one fails, until ``shutdown()``. Returns when discovery
    /// has answered; each request waits for the first health checks of its own seed peers only.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for a bad configuration, and what goes wrong with the first
    ///   discovery. Finding no healthy seed peer is not an error here: requests then fail with
    ///   ``DragonflyError/hostNotFound(_:)`` until there is one.
    public init(
        discovery: any SeedPeerDiscovery, refresh: RefreshPolicy = RefreshPolicy(),
        configuration: ClientConfiguration = ClientConfiguration()
    ) async throws(DragonflyError) {
        try refresh.validate()
        core = try RequestCore(configuration)
        let ring = RingRefresher(
            discovery: discovery, policy: refresh, checker: HealthChecker(core.transport),
            metrics: configuration.metrics)
        self.ring = ring
        do {
            try await ring.start()
        } catch {
            throw DragonflyError(discovery: error)
        }
        refreshing = Task { await ring.refreshForever() }
    }

    deinit {
        refreshing.cancel()
        ring.stop()
    }

    public func get(_ request: GetRequest) async throws(DragonflyError) -> GetResponse {
        try await core.get(request, from: replicas(of: request))
    }

    @discardableResult
    public func get(_ request: GetRequest, into buffer: inout [UInt8]) async throws(DragonflyError) -> ResponseHead {
        try await core.get(request, into: &buffer, from: replicas(of: request))
    }

    public func lookupEndpoints(_ request: GetRequest) async throws(DragonflyError) -> [String] {
        try await lookupSeedPeers(request).map(\.endpoint)
    }

    /// The seed peers that would serve the request, in ring order, once their first health checks are done. Nothing is
    /// sent.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for a bad request, ``DragonflyError/internal(_:)`` when it names
    ///   no task, ``DragonflyError/hostNotFound(_:)`` when no seed peer is on the ring.
    public func lookupSeedPeers(_ request: GetRequest) async throws(DragonflyError) -> [SeedPeer] {
        let replicas = try replicas(of: request)
        return try await ring.replicas(of: replicas.task, count: replicas.count)
    }

    /// The seed peers in use now, by name, once the first health checks of all are done.
    public var seedPeers: [SeedPeer] {
        get async { await ring.seedPeers }
    }

    /// Runs discovery now, in addition to the interval.
    /// - Throws: What discovery throws; the ring stays as it is then.
    public func refresh() async throws(DragonflyError) {
        do { try await ring.refresh() } catch { throw DragonflyError(discovery: error) }
    }

    /// Stops the periodic discovery and closes idle connections.
    public func shutdown() {
        refreshing.cancel()
        ring.stop()
        core.transport.close()
    }

    private func replicas(of request: GetRequest) throws(DragonflyError) -> Replicas {
        try request.validate()
        return Replicas(task: try request.task(), count: request.replicas, ring: ring)
    }
}

extension DragonflyClient {
    /// Also cancels requests in progress, and returns when the client's thread has ended.
    fileprivate func end() async {
        shutdown()
        await core.transport.end()
    }
}

/// Runs `body` with a client and ends it in any case: an unread body then breaks, and none of the client's threads is
/// left.
public func withDragonflyClient<Result>(
    discovery: any SeedPeerDiscovery, refresh: RefreshPolicy = RefreshPolicy(),
    configuration: ClientConfiguration = ClientConfiguration(), _ body: (DragonflyClient) async throws -> Result
) async throws -> Result {
    let client = try await DragonflyClient(discovery: discovery, refresh: refresh, configuration: configuration)
    do {
        let result = try await body(client)
        await client.end()
        return result
    } catch {
        await client.end()
        throw error
    }
}

import SeedSupport

/// Keeps the ring up to date: asks discovery, checks every seed peer, and swaps the table when both are done.
final class RingRefresher: Sendable {
    private struct State {
        var table = RingTable.empty
        var isRefreshing = false
        /// Why the ring is empty, for the error message.
        var reason = "discovery has not answered yet"
    }

    private let discovery: any SeedPeerDiscovery
    private let policy: RefreshPolicy
    private let check: HealthChecker
    private let metrics: (any RequestMetrics)?
    private let state = Lock(State())

    init(
        discovery: any SeedPeerDiscovery, policy: RefreshPolicy, check: HealthChecker, metrics: (any RequestMetrics)?
    ) {
        self.discovery = discovery
        self.policy = policy
        self.check = check
        self.metrics = metrics
    }

    /// Up to `count` seed peers in ring order, at least one.
    /// - Throws: ``DragonflyError/hostNotFound(_:)``.
    func replicas(of task: DragonflyTask, count: Int) throws(DragonflyError) -> [SeedPeer] {
        let (peers, reason) = state.withLock { ($0.table.replicas(of: task, count: count), $0.reason) }
        guard !peers.isEmpty else { throw .hostNotFound(reason) }
        return peers
    }

    var seedPeers: [SeedPeer] { state.withLock { $0.table.seedPeers } }

    /// Runs discovery once. Returns at once if another call is running.
    /// - Throws: What discovery throws. The ring stays as it is then, and also when no seed peer is healthy.
    func refresh() async throws {
        let isFirst = state.withLock { state in
            defer { state.isRefreshing = true }
            return !state.isRefreshing
        }
        guard isFirst else { return }
        defer { state.withLock { $0.isRefreshing = false } }
        let found = try await discovery.seedPeers()
        let healthy = await check.healthy(among: found, by: policy.healthCheck)
        // Checks that were cancelled say nothing about the seed peers.
        try Task.checkCancellation()
        take(healthy, of: found.count)
    }

    /// Looks on every interval until its task is cancelled.
    func refreshForever() async {
        while true {
            do {
                try await Task.sleep(for: policy.interval)
            } catch {
                return
            }
            do {
                try await refresh()
            } catch {
                metrics?.record(.discoveryFailure(DragonflyError(discovery: error)))
            }
        }
    }

    private func take(_ healthy: [SeedPeer], of found: Int) {
        let changed: [SeedPeer]? = state.withLock { state in
            if healthy.isEmpty {
                state.reason =
                    found == 0 ? "discovery names no seed peer" : "none of \(found) seed peers passes its health check"
                return nil
            }
            let before = state.table.seedPeers
            state.table = state.table.updated(with: healthy)
            let after = state.table.seedPeers
            return before == after ? nil : after
        }
        if let changed { metrics?.record(.ring(seedPeers: changed)) }
    }
}

extension DragonflyError {
    init(discovery error: any Error) {
        self =
            error as? DragonflyError
            ?? (error is CancellationError ? .cancelled : .internal("discovery failed: \(error)"))
    }
}

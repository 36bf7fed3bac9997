import SeedSupport

/// Keeps the ring up to date: asks discovery, checks every seed peer, and takes each result as soon as it is there
/// (rule:seed-peers-in-a-rollout).
final class RingRefresher: Sendable {
    private struct State {
        var table = RingTable()
        var schedule = RefreshSchedule()
        /// Why no seed peer can be used, for the error message.
        var reason = "discovery has not answered yet"
        /// What metrics were told last.
        var told: [SeedPeer] = []
    }

    private let discovery: any SeedPeerDiscovery
    private let policy: RefreshPolicy
    private let checker: HealthChecker
    private let metrics: (any RequestMetrics)?
    private let state = Lock(State())
    private let changes = ChangeSignal()

    init(
        discovery: any SeedPeerDiscovery, policy: RefreshPolicy, checker: HealthChecker, metrics: (any RequestMetrics)?
    ) {
        self.discovery = discovery
        self.policy = policy
        self.checker = checker
        self.metrics = metrics
    }
}

/// Rounds of discovery and checks. Each runs in a task of its own, so that no check ends with the request that wanted it.
extension RingRefresher {
    /// Asks discovery for the first time. The checks go on after the return.
    /// - Throws: What discovery throws.
    func start() async throws {
        guard begins() else { return }
        let checks = try await discover()
        Task { await finish(checks) }
    }

    /// Runs a round, after the one that runs.
    /// - Throws: What discovery throws. The seed peers stay as they are then, and also when none is healthy.
    func refresh() async throws {
        while true {
            let version = changes.version
            if begins() { break }
            await changes.wait(after: version)
            try Task.checkCancellation()
        }
        try await Task { await finish(try await discover()) }.value
    }

    /// Looks on every interval until its task is cancelled.
    func refreshForever() async {
        while (try? await Task.sleep(for: policy.interval)) != nil {
            do { try await refresh() } catch { record(error) }
        }
    }

    /// Failures start no rounds any more.
    func stop() { state.withLock { $0.schedule.stop() } }

    private func begins() -> Bool { state.withLock { $0.schedule.begin(.now()) } }

    private func beginWanted(after pause: Duration) {
        Task {
            try? await Task.sleep(for: pause)
            guard state.withLock({ $0.schedule.beginWanted(.now()) }) else { return }
            do { await finish(try await discover()) } catch { record(error) }
        }
    }

    /// - Returns: the checks to make; after them the round is over, as it is after an error.
    private func discover() async throws -> [RingTable.Check] {
        do {
            let found = try await discovery.seedPeers()
            let checks = state.withLock { state -> [RingTable.Check] in
                state.reason = Self.reason(found.count)
                return found.isEmpty ? [] : state.table.begin(found, areChecked: policy.healthCheck != .none)
            }
            changes.notify()
            return checks
        } catch {
            end()
            throw error
        }
    }

    private static func reason(_ count: Int) -> String {
        count == 0 ? "discovery names no seed peer" : "none of \(count) seed peers passes its health check"
    }

    private func finish(_ checks: [RingTable.Check]) async {
        await checker.run(checks, policy.healthCheck) { [self] check, passed in
            state.withLock { $0.table.checked(check, passed: passed) }
            changes.notify()
        }
        end()
    }

    private func end() {
        let pause = state.withLock { state in
            state.table.end()
            return state.schedule.end(.now())
        }
        changes.notify()
        tellMetrics()
        if let pause { beginWanted(after: pause) }
    }

    private func record(_ error: any Error) { metrics?.record(.discoveryFailure(DragonflyError(discovery: error))) }

    private func tellMetrics() {
        guard let metrics else { return }
        let changed: [SeedPeer]? = state.withLock { state in
            let peers = state.table.seedPeers
            guard peers != state.told else { return nil }
            state.told = peers
            return peers
        }
        if let changed { metrics.record(.ring(seedPeers: changed)) }
    }
}

/// What requests ask and tell.
extension RingRefresher {
    /// Those in use, once all have been checked.
    var seedPeers: [SeedPeer] {
        get async { await current { $0.table.isChecked ? $0.table.seedPeers : nil } ?? [] }
    }

    /// Up to `count` seed peers in ring order, at least one, as soon as these have been checked.
    /// - Throws: ``DragonflyError/hostNotFound(_:)``, or ``DragonflyError/cancelled``.
    func replicas(of task: DragonflyTask, count: Int) async throws(DragonflyError) -> [SeedPeer] {
        let found: Result<[SeedPeer], DragonflyError>? = await current { state in
            guard case .known(let peers) = state.table.replicas(of: task, count: count) else { return nil }
            return peers.isEmpty ? .failure(.hostNotFound(state.reason)) : .success(peers)
        }
        guard let found else { throw .cancelled }
        return try found.get()
    }

    /// The same, as soon as a round after that one has found one of them healthy that is wanted.
    /// - Returns: nil when there is none, and no round runs or is about to.
    func replicas(
        of task: DragonflyTask, count: Int, after round: Int, with isWanted: @escaping @Sendable (SeedPeer) -> Bool
    ) async -> [SeedPeer]? {
        await current { state -> [SeedPeer]?? in
            if case .known(let peers) = state.table.replicas(of: task, count: count),
                peers.contains(where: { isWanted($0) && state.table.isConfirmed($0, after: round) })
            {
                return peers
            }
            return state.schedule.isBusy ? nil : .some(nil)
        } ?? nil
    }

    /// A request failed there. Discovery is asked soon.
    /// - Returns: the last round that had ended then.
    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> Int {
        let (pause, round) = state.withLock { state in
            switch failure {
            case .noResponse: state.table.failed(at: endpoint)
            case .silence: state.table.silent(at: endpoint)
            case .brokenBody: break
            }
            return (state.schedule.want(.now()), state.table.endedRounds)
        }
        changes.notify()
        tellMetrics()
        if let pause { beginWanted(after: pause) }
        return round
    }

    /// What `look` finds, as soon as it finds something; nil when the task is cancelled.
    private func current<Value: Sendable>(_ look: (borrowing State) -> Value?) async -> Value? {
        while true {
            let version = changes.version
            if let found = state.withLock({ look($0) }) { return found }
            await changes.wait(after: version)
            if Task.isCancelled { return nil }
        }
    }
}

extension DragonflyError {
    init(discovery error: any Error) {
        self =
            error as? DragonflyError
            ?? (error is CancellationError ? .cancelled : .internal("discovery failed: \(error)"))
    }
}

import SeedSupport

/// Keeps the ring up to date: asks discovery, checks seed peers, and takes each result as soon as it is there
/// (rule:seed-peers-in-a-rollout).
final class RingRefresher: Sendable {
    /// Discovery that takes longer has failed.
    private static let longestQuestion = Duration.seconds(30)

    private struct State {
        var table = RingTable()
        var schedule = RefreshSchedule()
        /// Why no seed peer can be used, for the error message.
        var reason = "discovery has not answered yet"
        /// What metrics were told last.
        var told: [SeedPeer] = []
    }

    /// A moment, to tell what comes after it.
    struct Moment: Hashable, Sendable {
        fileprivate let event: Int
        fileprivate let rounds: Int
        /// The last checks had found no healthy seed peer.
        let isInOutage: Bool
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

/// Rounds. Each runs in a task of its own, so that no check ends with the request that wanted it.
extension RingRefresher {
    /// Asks discovery for the first time. The checks go on after the return.
    /// - Throws: What discovery throws.
    func start() async throws {
        guard let round = begin() else { return }
        let checks = try await ask(in: round, checking: .all)
        Task { await finish(checks, of: round) }
    }

    /// Runs a round, once no other one asks discovery.
    /// - Throws: What discovery throws. The seed peers stay as they are then, and also when none is healthy.
    func refresh() async throws {
        while true {
            let version = changes.version
            if let round = begin() { return try await Task { try await run(round, checking: .all) }.value }
            await changes.wait(after: version)
            try Task.checkCancellation()
        }
    }

    /// Looks on every interval until its task is cancelled.
    func refreshForever() async {
        while (try? await Task.sleep(for: policy.interval)) != nil {
            do { try await refresh() } catch { record(error) }
        }
    }

    /// Failures start no rounds any more.
    func stop() {
        state.withLock { $0.schedule.stop() }
        changes.notify()
    }

    private func begin() -> Int? { state.withLock { $0.schedule.begin(.now()) } }

    private func beginWanted(after pause: Duration) {
        Task {
            try? await Task.sleep(for: pause)
            guard let round = state.withLock({ $0.schedule.beginWanted(.now()) }) else { return }
            do { try await run(round, checking: .doubtful) } catch { record(error) }
        }
    }

    private func run(_ round: Int, checking scope: RingTable.Scope) async throws {
        await finish(try await ask(in: round, checking: scope), of: round)
    }

    /// - Returns: the checks to make; after them the round is over, as it is after an error.
    private func ask(in round: Int, checking scope: RingTable.Scope) async throws -> [RingTable.Check] {
        do {
            let found = try await discovery.seedPeers(within: Self.longestQuestion)
            let (checks, pause) = state.withLock { state in
                state.reason = Self.reason(found.count)
                let scope = policy.healthCheck == .none ? nil : scope
                let checks = found.isEmpty ? [] : state.table.begin(found, checking: scope)
                return (checks, state.schedule.answered(.now()))
            }
            changes.notify()
            if let pause { beginWanted(after: pause) }
            return checks
        } catch {
            let pause = state.withLock { $0.schedule.answered(.now()) }
            if let pause { beginWanted(after: pause) }
            end(round)
            throw error
        }
    }

    private static func reason(_ count: Int) -> String {
        count == 0 ? "discovery names no seed peer" : "none of \(count) seed peers passes its health check"
    }

    private func finish(_ checks: [RingTable.Check], of round: Int) async {
        await checker.run(checks, policy.healthCheck) { [self] check, passed in
            state.withLock { $0.table.checked(check, passed: passed) }
            changes.notify()
        }
        end(round)
    }

    private func end(_ round: Int) {
        state.withLock { $0.schedule.end(round) }
        changes.notify()
        tellMetrics()
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

    /// Up to `count` seed peers in ring order, at least one, as soon as these have been checked. Where there is none, discovery
    /// is asked soon.
    /// - Throws: ``DragonflyError/hostNotFound(_:)``, or ``DragonflyError/cancelled``.
    func replicas(of task: DragonflyTask, count: Int) async throws(DragonflyError) -> [SeedPeer] {
        let found: (peers: [SeedPeer], reason: String)? = await current { state in
            guard case .known(let peers) = state.table.replicas(of: task, count: count) else { return nil }
            return (peers, state.reason)
        }
        guard let found else { throw .cancelled }
        guard found.peers.isEmpty else { return found.peers }
        if let pause = state.withLock({ $0.schedule.want(.now()) }) { beginWanted(after: pause) }
        throw .hostNotFound(found.reason)
    }

    /// The same, as soon as one of them was found healthy after that moment.
    /// - Returns: nil when none is, and a round that began after it is over.
    func replicas(of task: DragonflyTask, count: Int, after moment: Moment) async -> [SeedPeer]? {
        let found: [SeedPeer]? = await current { state in
            guard case .known(let peers) = state.table.replicas(of: task, count: count) else { return nil }
            if peers.contains(where: { state.table.isConfirmed($0, after: moment.event) }) { return peers }
            return state.schedule.isAwaited(after: moment.rounds) ? nil : []
        }
        return found.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A request failed there. Discovery is asked soon.
    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> Moment {
        let (isNews, pause, moment) = state.withLock { state in
            var isNews = false
            switch failure {
            case .noResponse: isNews = state.table.failed(at: endpoint)
            case .silence: isNews = state.table.silent(at: endpoint)
            case .timeout: state.table.late(at: endpoint)
            case .brokenBody: break
            }
            let moment = Moment(
                event: state.table.lastEvent, rounds: state.schedule.begun, isInOutage: state.table.isOutage)
            return (isNews, state.schedule.want(.now()), moment)
        }
        if isNews {
            changes.notify()
            tellMetrics()
        }
        if let pause { beginWanted(after: pause) }
        return moment
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

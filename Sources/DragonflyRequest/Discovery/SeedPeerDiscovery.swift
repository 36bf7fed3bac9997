import SeedSupport

/// Lists the current seed peers. Called on every ``RefreshPolicy/interval``, and when a request finds a seed peer gone, then at
/// most once a second.
public protocol SeedPeerDiscovery: Sendable {
    /// All seed peers, healthy or not, in any order. Of two with one name the later one counts.
    ///
    /// If it throws or returns none, the seed peers known so far stay in use.
    func seedPeers() async throws -> [SeedPeer]
}

extension SeedPeerDiscovery {
    /// The same, with a limit after which the answer is not waited for.
    func seedPeers(within limit: Duration) async throws -> [SeedPeer] {
        let waiting = Lock<CheckedContinuation<[SeedPeer], any Error>?>(nil)
        return try await withCheckedThrowingContinuation { continuation in
            waiting.withLock { $0 = continuation }
            let clock = Task {
                try await Task.sleep(for: limit)
                let error = DragonflyError.timeout("discovery has not answered within \(limit)")
                waiting.withLock { $0.take() }?.resume(throwing: error)
            }
            Task {
                let result: Result<[SeedPeer], any Error>
                do { result = .success(try await seedPeers()) } catch { result = .failure(error) }
                clock.cancel()
                waiting.withLock { $0.take() }?.resume(with: result)
            }
        }
    }
}

/// A fixed list of seed peers.
public struct FixedDiscovery: SeedPeerDiscovery {
    private let peers: [SeedPeer]

    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for an empty list.
    public init(_ peers: [SeedPeer]) throws(DragonflyError) {
        guard !peers.isEmpty else { throw .invalidArgument("the list of seed peers is empty; name at least one") }
        self.peers = peers
    }

    /// Reads `[name=]host[:port]`, several between commas.
    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    public init(_ list: String) throws(DragonflyError) {
        var peers: [SeedPeer] = []
        for text in list.split(separator: ",") { peers.append(try SeedPeer(String(text))) }
        try self.init(peers)
    }

    public func seedPeers() -> [SeedPeer] { peers }
}

/// When seed peers are looked up and checked. A client validates it when it is made.
public struct RefreshPolicy: Hashable, Sendable {
    /// 1 s to 10 minutes.
    public var interval: Duration
    /// What a seed peer must pass to be on the ring.
    public var healthCheck: HealthCheck

    /// Accepts any values: the client throws ``DragonflyError/invalidArgument(_:)`` for invalid ones.
    public init(interval: Duration = .seconds(60), healthCheck: HealthCheck = .connect) {
        self.interval = interval
        self.healthCheck = healthCheck
    }

    func validate() throws(DragonflyError) {
        guard .seconds(1) <= interval, interval <= .seconds(600) else {
            throw .invalidArgument("the refresh interval is \(interval); 1 to 600 seconds are allowed")
        }
    }
}

/// How a seed peer shows that it may be on the ring. Each check has 5 seconds; all run at the same time. One that failed a
/// request must also answer `GET /` at its proxy, by any response, within 1.5 seconds.
public enum HealthCheck: Hashable, Sendable {
    /// Every seed peer that discovery names is on the ring, unless it failed a request.
    case none
    /// Its proxy accepts a connection.
    case connect
    /// `GET path` on that port, 4003 and `/healthy` for ours, is answered by any 2xx.
    case http(port: Int = 4003, path: String = "/healthy")
}

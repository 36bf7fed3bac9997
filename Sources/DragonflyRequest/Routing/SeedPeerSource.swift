/// How a seed peer failed a request.
enum SeedPeerFailure: Hashable, Sendable {
    /// No connection, or no HTTP response on it.
    case noResponse
    /// No byte came for a while, and no other request is answered either.
    case silence
    /// A body that had begun came to no end. That may be the origin's fault.
    case brokenBody
}

/// Where the seed peers of one request come from.
protocol SeedPeerSource: Sendable {
    /// The seed peers to ask now, those preferred first.
    /// - Throws: ``DragonflyError/hostNotFound(_:)``, or ``DragonflyError/cancelled``.
    func endpoints() async throws(DragonflyError) -> [Endpoint]

    /// Waits until a round of discovery after that one brings a seed peer besides these.
    /// - Returns: nil when it brings none.
    func endpoints(besides tried: Set<Endpoint>, after round: Int) async -> [Endpoint]?

    /// A request failed there.
    /// - Returns: the last round of discovery that had ended then.
    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> Int
}

/// Seed peers that the program chose.
struct GivenSeedPeers: SeedPeerSource {
    /// One that comes twice is asked twice as often.
    let list: [Endpoint]

    func endpoints() -> [Endpoint] { list.shuffled() }
    func endpoints(besides tried: Set<Endpoint>, after round: Int) async -> [Endpoint]? { nil }
    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> Int { 0 }
}

/// The replicas of a task, as the ring has them at each moment.
struct Replicas: SeedPeerSource {
    let task: DragonflyTask
    let count: Int
    let ring: RingRefresher

    func endpoints() async throws(DragonflyError) -> [Endpoint] {
        try await ring.replicas(of: task, count: count).map(\.transportEndpoint).shuffled()
    }

    func endpoints(besides tried: Set<Endpoint>, after round: Int) async -> [Endpoint]? {
        let found = await ring.replicas(of: task, count: count, after: round) { !tried.contains($0.transportEndpoint) }
        return found?.map(\.transportEndpoint).shuffled()
    }

    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> Int { ring.report(failure, at: endpoint) }
}

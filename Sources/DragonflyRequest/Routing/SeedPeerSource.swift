/// How a seed peer failed a request.
enum SeedPeerFailure: Hashable, Sendable {
    /// No connection, or no HTTP response on it.
    case noResponse
    /// No response in time. That may be the origin's fault.
    case timeout
    /// No byte came for a while, and no other request is answered either.
    case silence
    /// A body that had begun came to no end. That may be the origin's fault.
    case brokenBody
}

/// Where the seed peers of one request come from.
protocol SeedPeerSource: Sendable {
    /// The seed peers to ask now, in a random order: each is as good as the others.
    /// - Throws: ``DragonflyError/hostNotFound(_:)``, or ``DragonflyError/cancelled``.
    func endpoints() async throws(DragonflyError) -> [Endpoint]

    /// Waits for what a round of discovery after that moment brings.
    /// - Returns: nil when it finds none of the seed peers to ask healthy.
    func endpoints(after moment: RingRefresher.Moment) async -> [Endpoint]?

    /// A request failed there.
    /// - Returns: now; nil if nothing will come of it.
    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> RingRefresher.Moment?
}

/// Seed peers that the program chose.
struct GivenSeedPeers: SeedPeerSource {
    /// One that comes twice is asked twice as often.
    let list: [Endpoint]

    func endpoints() -> [Endpoint] { list.shuffled() }
    func endpoints(after moment: RingRefresher.Moment) async -> [Endpoint]? { nil }
    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> RingRefresher.Moment? { nil }
}

/// The replicas of a task, as the ring has them at each moment.
struct Replicas: SeedPeerSource {
    let task: DragonflyTask
    let count: Int
    let ring: RingRefresher

    func endpoints() async throws(DragonflyError) -> [Endpoint] {
        try await ring.replicas(of: task, count: count).map(\.transportEndpoint).shuffled()
    }

    func endpoints(after moment: RingRefresher.Moment) async -> [Endpoint]? {
        await ring.replicas(of: task, count: count, after: moment)?.map(\.transportEndpoint).shuffled()
    }

    func report(_ failure: SeedPeerFailure, at endpoint: Endpoint) -> RingRefresher.Moment? {
        ring.report(failure, at: endpoint)
    }
}

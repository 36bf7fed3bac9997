/// What happens to the seed peers while the trace is played.
package enum Scenario: String, Sendable, CaseIterable, Codable {
    /// Nothing.
    case steady
    /// One is killed and does not come back; 2 seconds later discovery no longer names it.
    case peerLost = "peer-lost"
    /// One after the other leaves discovery, stops, and starts again with the same store at another address.
    case rollingRestart = "rolling-restart"
    /// Each store has room for three quarters of its share of what the workload asks for.
    case smallStore = "small-store"

    /// When it begins, as a share of the workload's duration.
    package var begin: Double {
        switch self {
        case .steady, .smallStore: 0
        case .peerLost: 0.4
        case .rollingRestart: 0.2
        }
    }

    /// The policies for which it is measured unless others are named.
    package var policies: [String] {
        switch self {
        case .steady: ["service-random", "service-round-robin", "sdk-1", "sdk-2"]
        case .peerLost, .rollingRestart: ["service-round-robin", "sdk-1", "sdk-2"]
        case .smallStore: ["service-random", "sdk-1"]
        }
    }

    /// Bytes that a store may hold; nil: there is no limit.
    package func storeLimit(uniqueBytes: Int64, seedPeers: Int) -> Int64? {
        self == .smallStore ? uniqueBytes / Int64(seedPeers) * 3 / 4 : nil
    }
}

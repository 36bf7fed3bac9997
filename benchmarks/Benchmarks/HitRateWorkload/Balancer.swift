import EvictionSimulation

/// Picks a seed peer as a node's balancer does.
package struct Balancer: Sendable {
    package enum Rule: Sendable, Hashable {
        /// As kube-proxy picks with iptables and nftables.
        case random
        /// As it picks with IPVS.
        case roundRobin
    }

    private let rule: Rule
    private var random: Random
    private var turn: Int

    /// - Parameter seed: of the random choices, and of the round robin's first turn.
    package init(_ rule: Rule, seed: UInt64) {
        self.rule = rule
        random = Random(seed: seed)
        turn = random.below(1 << 16)
    }

    /// - Parameter ready: addresses of the seed peers that are ready.
    /// - Returns: one of them; nil when there is none.
    package mutating func choose(among ready: [String]) -> String? {
        guard !ready.isEmpty else { return nil }
        switch rule {
        case .random: return ready[random.below(ready.count)]
        case .roundRobin:
            turn += 1
            return ready[turn % ready.count]
        }
    }
}

/// One of a node's connections through a balancer.
package struct BalancedConnection: Sendable {
    private let stickiness: Policy.Stickiness
    private var current: String?

    package init(_ stickiness: Policy.Stickiness) {
        self.stickiness = stickiness
    }

    /// The seed peer for the next request.
    /// - Parameters:
    ///   - ready: addresses of the seed peers that are ready.
    ///   - isOpen: whether the seed peer at that address still holds its connections: one that is no longer ready may.
    package mutating func seedPeer(
        among ready: [String], isOpen: (String) -> Bool, by balancer: inout Balancer
    ) -> String? {
        if stickiness == .connection, let current, isOpen(current) { return current }
        current = balancer.choose(among: ready)
        return current
    }

    /// The request failed, or the response was the last one of the connection.
    package mutating func close() { current = nil }
}

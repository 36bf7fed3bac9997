/// How a node picks the seed peer for a request.
package struct Policy: Sendable, Hashable {
    /// What a plain client behind a balancer keeps to.
    package enum Stickiness: Sendable, Hashable {
        /// The seed peer of its connection, as behind a Kubernetes Service.
        case connection
        /// Nothing: every request is balanced, as by a proxy for HTTP.
        case request
    }

    package enum Routing: Sendable, Hashable {
        /// There is one seed peer.
        case single
        case service(Balancer.Rule, per: Stickiness)
        /// DragonflyRequest's ring.
        case ring(replicas: Int)
    }

    package let name: String
    package let routing: Routing
    /// Whether requests carry `X-Dragonfly-Prefetch: true`, as those of nydusd do.
    package let prefetches: Bool

    /// Every policy: a new one is a row here.
    package static let table: [Policy] = routings.flatMap { name, routing in
        [
            Policy(name: name, routing: routing, prefetches: false),
            Policy(name: "\(name)-prefetch", routing: routing, prefetches: true),
        ]
    }

    private static let routings: [(String, Routing)] = [
        ("single", .single),
        ("service-random", .service(.random, per: .connection)),
        ("service-random-per-request", .service(.random, per: .request)),
        ("service-round-robin", .service(.roundRobin, per: .connection)),
        ("service-round-robin-per-request", .service(.roundRobin, per: .request)),
        ("sdk-1", .ring(replicas: 1)),
        ("sdk-2", .ring(replicas: 2)),
        ("sdk-3", .ring(replicas: 3)),
    ]

    package static func named(_ name: String) -> Policy? { table.first { $0.name == name } }

    /// What the others are compared with: one seed peer.
    package var isBaseline: Bool { routing == .single }

    /// The baseline that prefetches as this one does.
    package var baseline: Policy {
        Policy(name: prefetches ? "single-prefetch" : "single", routing: .single, prefetches: prefetches)
    }
}

/// The seed peers in use and the ring of their names, always of one moment.
struct RingTable: Sendable {
    /// Keyed by the bytes of the name: Swift's `==` ignores Unicode normalization, the ring doesn't.
    private let peers: [[UInt8]: SeedPeer]
    private let ring: SeedPeerRing

    static let empty = RingTable([])

    /// Of two seed peers with one name the later one counts.
    init(_ peers: [SeedPeer]) {
        self.peers = Dictionary(peers.map { (Array($0.name.utf8), $0) }) { $1 }
        ring = SeedPeerRing(peers.map(\.name))
    }

    private init(peers: [[UInt8]: SeedPeer], ring: SeedPeerRing) {
        self.peers = peers
        self.ring = ring
    }

    /// The table with these seed peers. The ring is made anew only when a name came or went.
    func updated(with peers: [SeedPeer]) -> RingTable {
        let next = Dictionary(peers.map { (Array($0.name.utf8), $0) }) { $1 }
        return next.keys == self.peers.keys ? RingTable(peers: next, ring: ring) : RingTable(peers)
    }

    var seedPeers: [SeedPeer] {
        peers.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Up to `count` seed peers in ring order.
    func replicas(of task: DragonflyTask, count: Int) -> [SeedPeer] {
        ring.names(for: task, replicas: count).compactMap { peers[Array($0.utf8)] }
    }
}

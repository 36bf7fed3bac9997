/// Finds the seed peers that may be on the ring.
struct HealthChecker: Sendable {
    private static let timeout = Duration.seconds(5)

    private let transport: HTTPTransport

    init(_ transport: HTTPTransport) {
        self.transport = transport
    }

    /// Checks all at the same time. In the order given.
    func healthy(among peers: [SeedPeer], by check: HealthCheck) async -> [SeedPeer] {
        guard check != .none else { return peers }
        return await withTaskGroup(of: (Int, Bool).self) { group in
            for (index, peer) in peers.enumerated() {
                group.addTask { (index, await passes(peer, check)) }
            }
            let passed = await group.reduce(into: Set<Int>()) { if $1.1 { $0.insert($1.0) } }
            return peers.indices.filter(passed.contains).map { peers[$0] }
        }
    }

    private func passes(_ peer: SeedPeer, _ check: HealthCheck) async -> Bool {
        do {
            switch check {
            case .none: break
            case .connect: try await transport.probe(peer.transportEndpoint, timeout: Self.timeout)
            case .http(let port, let path):
                let url = Endpoint(host: peer.host, port: port).url + path
                try await transport.check(RequestTarget(url), timeout: Self.timeout)
            }
            return true
        } catch {
            return false
        }
    }
}

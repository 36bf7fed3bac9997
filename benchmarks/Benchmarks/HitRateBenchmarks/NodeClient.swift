import DragonflyRequest
import HitRateWorkload
import SeedSupport

/// How one node reaches the seed peers. All policies use the same transport.
final class NodeClient: Sendable {
    private enum Route: Sendable {
        case ring(DragonflyClient, replicas: Int)
        case balanced(Lock<Balancer>, Policy.Stickiness)
    }

    private let route: Route
    private let fleet: SeedPeerFleet
    private let clients = Lock<[String: EndpointClient]>([:])
    /// Requests sent, by which retries are known.
    private let counters = RequestCounters()

    init(_ policy: Policy, fleet: SeedPeerFleet, seed: UInt64) async throws {
        self.fleet = fleet
        switch policy.routing {
        case .ring(let replicas):
            let configuration = ClientConfiguration(metrics: counters)
            let client = try await DragonflyClient(
                discovery: FleetDiscovery(fleet: fleet), refresh: RefreshPolicy(interval: .seconds(1)),
                configuration: configuration)
            route = .ring(client, replicas: replicas)
        case .service(let rule, let stickiness): route = .balanced(Lock(Balancer(rule, seed: seed)), stickiness)
        case .single: route = .balanced(Lock(Balancer(.roundRobin, seed: seed)), .connection)
        }
    }

    /// Requests sent so far, retries included.
    var attempts: Int { counters.values.attempts }

    func shutdown() {
        if case .ring(let client, _) = route { client.shutdown() }
        clients.withLock { $0.values.forEach { $0.shutdown() } }
    }

    /// One of the node's connections, used for one request at a time.
    func connection() -> NodeConnection {
        guard case .balanced(_, let stickiness) = route else { return NodeConnection(node: self, balanced: nil) }
        return NodeConnection(node: self, balanced: BalancedConnection(stickiness))
    }

    fileprivate func get(
        _ request: GetRequest, on connection: inout BalancedConnection?
    ) async throws(DragonflyError) -> GetResponse {
        var request = request
        switch route {
        case .ring(let client, let replicas):
            request.replicas = replicas
            return try await client.get(request)
        case .balanced(let balancer, _):
            let endpoint = balancer.withLock { balancer in
                connection?.seedPeer(among: fleet.ready.map(\.endpoint), isOpen: fleet.isOpen, by: &balancer)
            }
            guard let endpoint else { throw .hostNotFound("no seed peer is ready") }
            return try await client(at: endpoint).get(request)
        }
    }

    private func client(at endpoint: String) throws(DragonflyError) -> EndpointClient {
        if let client = clients.withLock({ $0[endpoint] }) { return client }
        let configuration = ClientConfiguration(
            retry: RetryPolicy(maxRetries: 0), resumesBrokenBodies: false, metrics: counters)
        let client = try EndpointClient(endpoints: [endpoint], configuration: configuration)
        return clients.withLock { clients in
            let first = clients[endpoint] ?? client
            clients[endpoint] = first
            return first
        }
    }
}

/// One of a node's connections.
struct NodeConnection {
    let node: NodeClient
    /// Nil for a client that routes by itself.
    var balanced: BalancedConnection?

    mutating func get(_ request: GetRequest) async throws(DragonflyError) -> GetResponse {
        try await node.get(request, on: &balanced)
    }

    /// The request failed, or the response was the connection's last one.
    mutating func close() { balanced?.close() }
}

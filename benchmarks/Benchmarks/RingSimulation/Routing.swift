import EvictionSimulation

/// How clients choose a seed peer.
enum Routing: Hashable, Sendable, CustomStringConvertible {
    /// Any of a task's replicas on the ring, each as often as the others, as DragonflyRequest does.
    case ring(replicas: Int)
    /// Any seed peer, as behind a Service that balances connections.
    case random

    var description: String {
        switch self {
        case .ring(1): "ring, 1 replica"
        case .ring(let replicas): "ring, \(replicas) replicas"
        case .random: "random seed peer"
        }
    }

    /// Seed peers that are chosen at random are all alike, so a few of them stand for all: they get all requests, and
    /// each of them so many that its disk settles.
    static let sample = 20

    /// The place of the chosen seed peer, where seed peers have the numbers from 0 on.
    func peer(for task: Int, _ placement: Placement, _ random: inout Random) -> Int {
        switch self {
        case .ring(let replicas):
            let hosts = placement.hosts(of: task, count: replicas)
            return Int(hosts[hosts.startIndex + random.below(hosts.count)])
        case .random: return random.below(min(Self.sample, placement.peers.count))
        }
    }
}

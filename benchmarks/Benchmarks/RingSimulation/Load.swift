import EvictionSimulation

/// The load that a seed peer has in the long run, as multiples of the mean: computed from the tasks' popularity, not
/// drawn, so without chance.
struct Load {
    /// Of each seed peer.
    let requests: [Double]
    let bytes: [Double]

    init(_ routing: Routing, _ placement: Placement, exponent: Double, _ workload: Workload) {
        guard case .ring(let replicas) = routing else {
            requests = placement.peers.map { _ in 1 }
            bytes = requests
            return
        }
        let popularity = Zipf(count: workload.count, exponent: exponent)
        // Replicas share a task's requests evenly, and as every task has as many, their number cancels out.
        requests = Self.multiples(placement.totals(replicas: replicas) { popularity.share(of: $0) })
        bytes = Self.multiples(
            placement.totals(replicas: replicas) { popularity.share(of: $0) * workload.meanRequest(for: $0) })
    }

    private static func multiples(_ values: [Double]) -> [Double] {
        let mean = values.reduce(0, +) / Double(values.count)
        return values.map { $0 / mean }
    }
}

extension Workload {
    /// Bytes; half of the requests want one piece, half the whole task.
    fileprivate func meanRequest(for task: Int) -> Double {
        (Double(pieceSize(of: task)) + Double(size(of: task))) / 2
    }
}

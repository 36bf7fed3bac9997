import EvictionSimulation

/// A client wants one piece of a task, or all of it.
struct Request: Sendable, Equatable {
    let task: Int32
    /// Nil for the whole task.
    let piece: Int8?

    /// The numbers of the wanted pieces.
    func pieces(_ workload: Workload) -> Range<Int> {
        if let piece { return Int(piece)..<Int(piece) + 1 }
        return 0..<workload.pieceCount(of: Int(task))
    }
}

/// What one seed peer is asked for.
struct PeerRequests: Sendable, Equatable {
    /// In the order in which they come.
    var requests: [Request] = []
    /// How many of the first are not measured.
    var warmUp = 0
}

extension Request {
    /// Requests by Zipf's law; half of them for one piece, half for the whole task.
    static func drawn(count: Int, exponent: Double, seed: UInt64, _ workload: Workload) -> [Request] {
        var random = Random(seed: seed)
        let popularity = Zipf(count: workload.count, exponent: exponent)
        return (0..<count).map { _ in
            let task = popularity.next(&random)
            let isWhole = random.below(2) == 0
            let piece = random.below(workload.pieceCount(of: task))
            return Request(task: Int32(task), piece: isWhole ? nil : Int8(piece))
        }
    }

    /// Sends each request to a seed peer; the first half is not measured.
    static func routed(
        _ requests: [Request], by routing: Routing, _ placement: Placement, seed: UInt64
    ) -> [PeerRequests] {
        var random = Random(seed: seed)
        var peers = [PeerRequests](repeating: PeerRequests(), count: placement.peers.count)
        for (index, request) in requests.enumerated() {
            let peer = routing.peer(for: Int(request.task), placement, &random)
            peers[peer].requests.append(request)
            if index < requests.count / 2 { peers[peer].warmUp += 1 }
        }
        return peers
    }
}

import EvictionSimulation

/// The disk of one seed peer: pieces up to a number of bytes, evicted in the store's own order.
struct Disk {
    /// In bytes.
    let capacity: Int
    private let workload: Workload
    private var order = SegmentedLRU()
    private var used = 0

    init(capacity: Int, _ workload: Workload) {
        self.capacity = capacity
        self.workload = workload
    }

    /// Reads a piece, after fetching it if it is not held.
    /// - Returns: whether it was held.
    mutating func read(piece: Int, of task: Int) -> Bool {
        let before = order.count
        order.insert(task * Workload.mostPieces + piece, bytes: workload.pieceSize(of: task))
        guard order.count > before else { return true }
        used += workload.pieceSize(of: task)
        while used > capacity, let gone = order.victim() {
            used -= workload.pieceSize(of: gone / Workload.mostPieces)
        }
        return false
    }

    /// Fills an empty disk with the first tasks that fit, the first of them the last to be evicted.
    mutating func fill(_ tasks: some Sequence<Int>) {
        var room = capacity
        let fitting = tasks.prefix { task in
            room -= workload.size(of: task)
            return room >= 0
        }
        for task in fitting.reversed() {
            for piece in 0..<workload.pieceCount(of: task) { _ = read(piece: piece, of: task) }
        }
    }
}

/// What requests found.
struct HitCounts: Encodable, Equatable, Sendable {
    private(set) var requests = 0
    /// Requests all of whose pieces were held.
    private(set) var requestHits = 0
    private(set) var bytes = 0
    private(set) var byteHits = 0

    var requestHitRate: Double { requests == 0 ? 0 : Double(requestHits) / Double(requests) }
    var byteHitRate: Double { bytes == 0 ? 0 : Double(byteHits) / Double(bytes) }

    mutating func add(_ request: Request, held: Int, _ workload: Workload) {
        let wanted = request.pieces(workload).count
        let size = workload.pieceSize(of: Int(request.task))
        requests += 1
        requestHits += held == wanted ? 1 : 0
        bytes += wanted * size
        byteHits += held * size
    }

    static func + (left: HitCounts, right: HitCounts) -> HitCounts {
        var sum = left
        sum.requests += right.requests
        sum.requestHits += right.requestHits
        sum.bytes += right.bytes
        sum.byteHits += right.byteHits
        return sum
    }
}

extension PeerRequests {
    /// Plays the requests against a disk, and counts those behind the warm-up.
    func replay(on disk: consuming Disk, _ workload: Workload) -> HitCounts {
        var counts = HitCounts()
        for (index, request) in requests.enumerated() {
            var held = 0
            for piece in request.pieces(workload) where disk.read(piece: piece, of: Int(request.task)) { held += 1 }
            if index >= warmUp { counts.add(request, held: held, workload) }
        }
        return counts
    }
}

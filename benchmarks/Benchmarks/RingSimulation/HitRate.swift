/// Hit rates of all seed peers together, by the size of their disks.
struct HitRate: Sendable {
    private let workload: Workload
    private let requests: [PeerRequests]
    private let peerCount: Int
    /// For each seed peer the tasks that it may be asked for, the most popular first; nil if it may be any.
    private let tasks: [[Int32]]?

    init(_ requests: [Request], _ routing: Routing, _ placement: Placement, seed: UInt64, _ workload: Workload) {
        self.workload = workload
        peerCount = placement.peers.count
        self.requests = Request.routed(requests, by: routing, placement, seed: seed)
        if case .ring(let replicas) = routing {
            var tasks = [[Int32]](repeating: [], count: placement.peers.count)
            for task in 0..<placement.taskCount {
                for host in placement.hosts(of: task, count: replicas) { tasks[Int(host)].append(Int32(task)) }
            }
            self.tasks = tasks
        } else {
            tasks = nil
        }
    }

    /// - Parameter share: all disks together, as a part of the bytes of all tasks.
    func counts(share: Double) async -> HitCounts {
        let capacity = Int(Double(workload.footprint) * share) / peerCount
        let counts = await concurrentMap(requests.count) { peer in
            guard !requests[peer].requests.isEmpty else { return HitCounts() }
            var disk = Disk(capacity: capacity, workload)
            if let tasks { disk.fill(tasks[peer].lazy.map { Int($0) }) } else { disk.fill(0..<workload.count) }
            return requests[peer].replay(on: disk, workload)
        }
        return counts.reduce(HitCounts(), +)
    }
}

import DragonflyIdentity

/// Which seed peers of a ring serve each task, in ring order. Seed peers are numbered.
struct Placement: Sendable {
    let peers: [Int32]
    /// Of each task; never more than there are seed peers.
    let replicas: Int
    private let hosts: [Int32]

    /// - Parameter hosts: those of task 0, then those of task 1, and so on.
    init(peers: [Int32], replicas: Int, hosts: [Int32]) {
        self.peers = peers
        self.replicas = min(replicas, peers.count)
        precondition(hosts.count.isMultiple(of: max(1, self.replicas)), "each task has as many seed peers")
        self.hosts = hosts
    }

    /// Asks the product's ring for each task.
    static func onRing(peers: [Int32], replicas: Int, _ workload: Workload) async -> Placement {
        let ring = HashRing(peers.map(name))
        let numbers = Dictionary(uniqueKeysWithValues: peers.map { (name(of: $0), $0) })
        let chunks = chunks(of: workload.count)
        let hosts = await concurrentMap(chunks.count) { chunk in
            chunks[chunk].flatMap { task in
                ring.hosts(for: workload.taskIDs[task], count: replicas).map { name in
                    guard let number = numbers[name] else { preconditionFailure("\(name) is not on the ring") }
                    return number
                }
            }
        }
        return Placement(peers: peers, replicas: replicas, hosts: Array(hosts.joined()))
    }

    var taskCount: Int { hosts.count / max(1, replicas) }

    /// The first `count` seed peers of a task, or all if there are fewer.
    func hosts(of task: Int, count: Int) -> ArraySlice<Int32> {
        hosts[task * replicas..<task * replicas + min(count, replicas)]
    }

    /// The name under which a seed peer stands on the ring.
    private static func name(of peer: Int32) -> String { "seed-peer-\(peer)" }
}

import DragonflyIdentity

@testable import RingSimulation

extension Workload {
    private static let mebibyte: Int64 = 1_048_576

    /// Tasks of these sizes in MiB, for placements that are made by hand.
    static func ofSizes(_ mebibytes: [Int64]) -> Workload {
        Workload(taskIDs: [], sizes: mebibytes.map { $0 * mebibyte })
    }
}

extension Placement {
    /// - Parameter hosts: of each task.
    static func of(peers: [Int32], _ hosts: [[Int32]]) -> Placement {
        Placement(peers: peers, replicas: hosts.first?.count ?? 1, hosts: Array(hosts.joined()))
    }
}

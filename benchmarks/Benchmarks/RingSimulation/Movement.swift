/// What a change of the ring does to the sets of seed peers that serve the tasks.
struct Movement: Encodable, Equatable {
    /// The most by which the share of moved tasks may exceed what has to move.
    private static let tolerance = 0.05

    let replicas: Int
    /// The part of all tasks whose set changes.
    let taskShare: Double
    /// The part of all bytes that these tasks have.
    let byteShare: Double
    /// The part that has to move if each seed peer serves as many tasks as any other.
    let ideal: Double
    /// Tasks that went from one seed peer that stays to another that was there before.
    let misplaced: Int

    init(from before: Placement, to after: Placement, replicas: Int, _ workload: Workload) {
        let change = RingChange(from: before.peers, to: after.peers)
        var (moved, movedBytes, misplaced) = (0, 0, 0)
        for task in 0..<before.taskCount {
            let old = before.hosts(of: task, count: replicas)
            let new = after.hosts(of: task, count: replicas)
            if new.allSatisfy(old.contains), old.count == new.count { continue }
            moved += 1
            movedBytes += workload.size(of: task)
            if change.isMisplaced(from: old, to: new) { misplaced += 1 }
        }
        self.replicas = replicas
        taskShare = Double(moved) / Double(before.taskCount)
        byteShare = Double(movedBytes) / Double(workload.footprint)
        ideal = change.ideal(replicas: replicas)
        self.misplaced = misplaced
    }

    /// The most that may move.
    var limit: Double { ideal + Self.tolerance }

    /// Whether the ring did what the product promises.
    var holds: Bool { misplaced == 0 && taskShare <= limit }
}

/// Which seed peers a ring gained and lost.
struct RingChange {
    let joined: Set<Int32>
    let left: Set<Int32>
    private let largerCount: Int

    init(from before: [Int32], to after: [Int32]) {
        joined = Set(after).subtracting(before)
        left = Set(before).subtracting(after)
        largerCount = max(before.count, after.count)
    }

    /// A task that a seed peer loses though it stays must go to one that joined, and one that a seed peer gains though
    /// it was there before must come from one that left.
    func isMisplaced(from old: ArraySlice<Int32>, to new: ArraySlice<Int32>) -> Bool {
        let isLost = old.contains { !new.contains($0) && !left.contains($0) }
        let isGained = new.contains { !old.contains($0) && !joined.contains($0) }
        return isLost && isGained
    }

    /// The probability that a task's set, drawn evenly from the larger ring, has a seed peer that joined or left.
    func ideal(replicas: Int) -> Double {
        let staying = largerCount - joined.count - left.count
        return 1
            - (0..<min(replicas, largerCount)).reduce(1.0) { product, index in
                product * Double(max(0, staying - index)) / Double(largerCount - index)
            }
    }
}

/// How a load is spread over seed peers.
struct Spread: Encodable, Equatable {
    let minimum: Double
    let median: Double
    let mean: Double
    let maximum: Double
    /// The standard deviation, as a part of the mean.
    let deviation: Double

    /// - Precondition: there is a value.
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "a spread is that of at least one value")
        let sorted = values.sorted()
        let middle = sorted.count / 2
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        minimum = sorted[0]
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        self.mean = mean
        maximum = sorted[sorted.count - 1]
        deviation = mean == 0 ? 0 : variance.squareRoot() / mean
    }

    /// The largest value, as a multiple of the mean.
    var peak: Double { mean == 0 ? 0 : maximum / mean }
}

/// What each seed peer holds when all tasks are held by all their replicas.
struct Balance {
    /// By the seed peer's place in the list of peers.
    let tasks: [Double]
    let bytes: [Double]

    init(_ placement: Placement, replicas: Int, _ workload: Workload) {
        tasks = placement.totals(replicas: replicas) { _ in 1 }
        bytes = placement.totals(replicas: replicas) { Double(workload.size(of: $0)) }
    }
}

extension Placement {
    /// For each seed peer the sum of a value over the tasks that it serves.
    func totals(replicas: Int, _ value: (Int) -> Double) -> [Double] {
        let places = Dictionary(uniqueKeysWithValues: zip(peers, peers.indices))
        var sums = [Double](repeating: 0, count: peers.count)
        for task in 0..<taskCount {
            let amount = value(task)
            for host in hosts(of: task, count: replicas) {
                guard let place = places[host] else {
                    preconditionFailure("each task is served by seed peers of the ring")
                }
                sums[place] += amount
            }
        }
        return sums
    }
}

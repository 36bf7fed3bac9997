/// The results of a simulation, as they are written as JSON.
struct Report: Encodable {
    let settings: Settings
    /// Bytes of all tasks.
    let footprint: Int
    let balance: [BalanceRow]
    let movements: [MovementRow]
    let hitRates: [HitRateRow]
    let loads: [LoadRow]

    /// What the ring did against the product's promise.
    var failures: [MovementRow] { movements.filter { !$0.movement.holds } }
}

struct Settings: Encodable {
    let peers: Int
    let tasks: Int
    /// The measured ones; as many come before them.
    let requests: Int
    let exponent: Double
    let seed: UInt64
}

struct BalanceRow: Encodable {
    /// In the order in which the report has them.
    enum Measure: String, Encodable, CaseIterable {
        case tasks
        case bytes
    }

    let measure: Measure
    let replicas: Int
    let spread: Spread
    /// The loads of the seed peers in percentiles from the smallest to the largest, as multiples of the mean.
    let percentiles: [Double]

    init(_ measure: Measure, replicas: Int, _ loads: [Double]) {
        self.measure = measure
        self.replicas = replicas
        let spread = Spread(loads)
        let sorted = loads.sorted()
        self.spread = spread
        percentiles = (0...100).map { sorted[(sorted.count - 1) * $0 / 100] / spread.mean }
    }
}

struct MovementRow: Encodable {
    /// Seed peers before the change.
    let peers: Int
    let change: String
    let movement: Movement
}

struct HitRateRow: Encodable {
    let routing: String
    /// All disks together, as a part of the bytes of all tasks.
    let diskShare: Double
    let requestHitRate: Double
    let byteHitRate: Double
}

/// What the most loaded seed peer has, as multiples of the mean.
struct LoadRow: Encodable {
    let exponent: Double
    let routing: String
    let requests: Double
    let bytes: Double
}

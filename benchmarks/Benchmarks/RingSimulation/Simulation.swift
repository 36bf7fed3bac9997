import EvictionSimulation

/// Makes the tasks and the ring, and measures them.
struct Simulation {
    private static let replicas = [1, 2, 3]
    private static let mostReplicas = 5
    private static let diskShares = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
    private static let exponents = [0.7, 0.9, 1.1]
    private static let changesPerRing = 3

    private let settings: Settings
    private let ringSizes: [Int]
    private let progress: (Double, String) -> Void

    /// - Parameters:
    ///   - ringSizes: further rings for which movement is measured.
    ///   - progress: is told how much of the work is done, from 0 to 1, and what comes next.
    init(
        _ settings: Settings, ringSizes: [Int] = [3, 10, 100, 1_000], progress: @escaping (Double, String) -> Void
    ) {
        self.settings = settings
        self.ringSizes = Set(ringSizes + [settings.peers]).sorted()
        self.progress = progress
    }

    func run() async -> Report {
        var steps = Steps(count: stepCount, report: progress)
        steps.begin("\(settings.tasks) tasks")
        let workload = await Workload.generated(count: settings.tasks, seed: settings.seed)
        steps.begin("ring of \(settings.peers) seed peers")
        let placement = await Placement.onRing(peers: numbers(settings.peers), replicas: Self.mostReplicas, workload)
        let balance = Self.balance(placement, workload)
        var movements: [MovementRow] = []
        for size in ringSizes { movements += await self.movements(size, placement, workload, &steps) }
        let hitRates = await hitRates(placement, workload, &steps)
        let loads = loads(placement, workload, &steps)
        progress(1, "")
        return Report(
            settings: settings, footprint: workload.footprint, balance: balance, movements: movements,
            hitRates: hitRates, loads: loads)
    }

    private var routings: [Routing] { Self.replicas.map { .ring(replicas: $0) } + [.random] }

    private var stepCount: Int {
        2 + ringSizes.count * Self.changesPerRing + routings.count * Self.diskShares.count + Self.exponents.count
    }

    private func numbers(_ count: Int) -> [Int32] { (0..<Int32(count)).map { $0 } }
}

// MARK: - Balance and movement

extension Simulation {
    private static func balance(_ placement: Placement, _ workload: Workload) -> [BalanceRow] {
        let balances = replicas.map { Balance(placement, replicas: $0, workload) }
        return BalanceRow.Measure.allCases.flatMap { measure in
            zip(replicas, balances).map { replicas, balance in
                BalanceRow(measure, replicas: replicas, measure == .tasks ? balance.tasks : balance.bytes)
            }
        }
    }

    /// - Parameter known: is taken if it is the ring before the change.
    private func movements(
        _ size: Int, _ known: Placement, _ workload: Workload, _ steps: inout Steps
    ) async -> [MovementRow] {
        let most = Self.replicas.max() ?? 1
        let peers = numbers(size)
        let before = size == settings.peers ? known : await .onRing(peers: peers, replicas: most, workload)
        let changes = [
            ("1 joins", numbers(size + 1)), ("1 leaves", peers.filter { $0 != before.busiest }),
            ("10 join", numbers(size + 10)),
        ]
        var rows: [MovementRow] = []
        for (change, peers) in changes {
            steps.begin("\(change), ring of \(size)")
            let after = await Placement.onRing(peers: peers, replicas: most, workload)
            for replicas in Self.replicas {
                let movement = Movement(from: before, to: after, replicas: replicas, workload)
                rows.append(MovementRow(peers: size, change: change, movement: movement))
            }
        }
        return rows
    }
}

extension Placement {
    /// The seed peer that is the first of the most tasks: what it leaves behind is the most that one can.
    fileprivate var busiest: Int32? {
        let totals = totals(replicas: 1) { _ in 1 }
        return totals.indices.max { totals[$0] < totals[$1] }.map { peers[$0] }
    }
}

// MARK: - Hit rates and load

extension Simulation {
    private func hitRates(_ placement: Placement, _ workload: Workload, _ steps: inout Steps) async -> [HitRateRow] {
        let requests = Request.drawn(
            count: 2 * settings.requests, exponent: settings.exponent, seed: settings.seed &+ 1, workload)
        var rows: [HitRateRow] = []
        for routing in routings {
            let rate = HitRate(requests, routing, placement, seed: settings.seed &+ 2, workload)
            for share in Self.diskShares {
                steps.begin("hit rate, \(routing)")
                let counts = await rate.counts(share: share)
                rows.append(
                    HitRateRow(
                        routing: "\(routing)", diskShare: share, requestHitRate: counts.requestHitRate,
                        byteHitRate: counts.byteHitRate))
            }
        }
        return rows
    }

    private func loads(_ placement: Placement, _ workload: Workload, _ steps: inout Steps) -> [LoadRow] {
        let routings = (Self.replicas + [Self.mostReplicas]).map { Routing.ring(replicas: $0) } + [.random]
        return Self.exponents.flatMap { exponent in
            steps.begin("load, exponent \(exponent)")
            return routings.map { routing in
                let load = Load(routing, placement, exponent: exponent, workload)
                return LoadRow(
                    exponent: exponent, routing: "\(routing)", requests: load.requests.max() ?? 0,
                    bytes: load.bytes.max() ?? 0)
            }
        }
    }
}

/// Counts the parts of the work.
private struct Steps {
    let count: Int
    let report: (Double, String) -> Void
    private var begun = 0

    init(count: Int, report: @escaping (Double, String) -> Void) {
        self.count = count
        self.report = report
    }

    mutating func begin(_ name: String) {
        report(Double(begun) / Double(count), name)
        begun += 1
    }
}

import Charts

/// The results as images, by the names of their files.
extension Report {
    var charts: [(name: String, svg: String)] {
        [
            ("balance-tasks", balanceChart(.tasks).svg), ("balance-bytes", balanceChart(.bytes).svg),
            ("movement", movementChart.svg),
            ("hit-rate-requests", hitRateChart("Request hit rate", \.requestHitRate).svg),
            ("hit-rate-bytes", hitRateChart("Byte hit rate", \.byteHitRate).svg),
            ("load-requests", loadChart("requests", \.requests).svg), ("load-bytes", loadChart("bytes", \.bytes).svg),
        ]
    }

    private var setting: String { "\(settings.peers.grouped) seed peers, \(settings.tasks.grouped) tasks" }

    private func balanceChart(_ measure: BalanceRow.Measure) -> LineChart {
        let rows = balance.filter { $0.measure == measure }
        let loads = rows.flatMap(\.percentiles)
        let (least, most) = (loads.min() ?? 0, loads.max() ?? 1)
        return LineChart(
            title: "Balance of \(measure.rawValue) over the seed peers",
            subtitle: "\(setting). Seed peers in ascending order; an even ring would be a line at 1.",
            x: Axis("Seed peers", unit: "%", range: 0...100),
            y: Axis(
                "A seed peer’s \(measure.rawValue) ÷ mean",
                range: (least * 10).rounded(.down) / 10...(most * 10).rounded(.up) / 10),
            series: rows.map { row in
                LineChart.Series(
                    row.replicas == 1 ? "1 replica" : "\(row.replicas) replicas",
                    row.percentiles.enumerated().map { (Double($0), $1) })
            })
    }

    private var movementChart: BarChart {
        BarChart(
            title: "Tasks that move when the ring changes",
            subtitle:
                "\(settings.tasks.grouped) tasks, 1 replica. The seed peer that leaves is the one that has the most tasks.",
            axis: Axis("Moved tasks ÷ those that have to move"),
            groups: movements.map(\.peers).unique.map { peers in
                BarChart.Group(
                    "\(peers.grouped) seed peers",
                    movements.filter { $0.peers == peers && $0.movement.replicas == 1 }.map { row in
                        BarChart.Bar(row.change, row.movement.taskShare / row.movement.ideal)
                    })
            }, reference: (1, "ideal"))
    }

    private func hitRateChart(_ title: String, _ rate: KeyPath<HitRateRow, Double>) -> LineChart {
        LineChart(
            title: "\(title) by the size of the disks",
            subtitle: "\(setting), requests by Zipf's law with exponent \(settings.exponent), after a warm-up.",
            x: Axis("All disks ÷ bytes of all tasks", unit: "%", isLogarithmic: true),
            y: Axis(title, unit: "%", range: 0...100),
            series: hitRates.map(\.routing).unique.map { routing in
                LineChart.Series(
                    routing,
                    hitRates.filter { $0.routing == routing }.map { ($0.diskShare * 100, $0[keyPath: rate] * 100) })
            })
    }

    private func loadChart(_ measure: String, _ value: KeyPath<LoadRow, Double>) -> BarChart {
        BarChart(
            title: "Load of the most loaded seed peer: \(measure)",
            subtitle: "\(setting). 1 is the mean; the scale is logarithmic.",
            axis: Axis("Most loaded seed peer ÷ mean", isLogarithmic: true),
            groups: loads.map(\.exponent).unique.map { exponent in
                BarChart.Group(
                    "Zipf exponent \(exponent)",
                    loads.filter { $0.exponent == exponent }.map { .init($0.routing, $0[keyPath: value]) })
            })
    }
}

extension Int {
    /// With commas between thousands.
    fileprivate var grouped: String {
        self < 1_000 ? "\(self)" : "\((self / 1_000).grouped),\(String("\(1_000 + self % 1_000)".dropFirst()))"
    }
}

import Charts
import HitRateWorkload

/// The plots of a result.
struct Plots {
    private let result: BenchmarkResult

    init(_ result: BenchmarkResult) { self.result = result }

    /// By the name of their files; those without data are left out.
    var all: [(name: String, svg: String)] {
        let steady = result.rows(in: .steady)
        var plots: [(String, String)] = []
        if !steady.isEmpty {
            plots = [
                ("origin-bytes", originBytes(steady)), ("hit-rate", hitRates(steady)),
                ("seed-peers", seedPeers(steady)), ("latency", latency(steady)),
            ]
        }
        for scenario in [Scenario.peerLost, .rollingRestart] where !result.rows(in: scenario).isEmpty {
            plots.append((scenario.rawValue, timeline(scenario)))
        }
        if !result.rows(in: .smallStore).isEmpty { plots.append(("small-store", smallStore)) }
        if let failures { plots.append(("failed-reads", failures)) }
        return plots
    }

    private var fleet: String { "\(result.seedPeers) seed peers, \(result.starts) container starts, one trace" }

    private func originBytes(_ rows: [BenchmarkResult.Row]) -> String {
        BarChart(
            title: "What the origin sends",
            subtitle: "Bytes, relative to a single seed peer; \(fleet)", axis: Axis("", unit: "×"),
            groups: rows.map { .init($0.measurement.policy, [.init("origin bytes", $0.originPerSingle)]) },
            reference: (1, "once")
        ).svg
    }

    private func hitRates(_ rows: [BenchmarkResult.Row]) -> String {
        BarChart(
            title: "Hits", subtitle: "Share of responses, and of their bytes, that needed no origin; \(fleet)",
            axis: Axis("", unit: "%", range: 0...100),
            groups: rows.map { row in
                let figures = row.measurement.summary
                return .init(
                    row.measurement.policy,
                    [.init("requests", figures.requestHitRate * 100), .init("bytes", figures.byteHitRate * 100)])
            }
        ).svg
    }

    private func seedPeers(_ rows: [BenchmarkResult.Row]) -> String {
        BarChart(
            title: "Who sends it", subtitle: "MiB that each seed peer sent to the nodes; \(fleet)",
            axis: Axis("", unit: "MiB"),
            groups: rows.map { row in
                let bytes = row.measurement.summary.bytesBySeedPeer.sorted { $0.key < $1.key }
                return .init(row.measurement.policy, bytes.map { .init($0.key, Double($0.value) / 1_048_576) })
            }, isStacked: true
        ).svg
    }

    private func latency(_ rows: [BenchmarkResult.Row]) -> String {
        BarChart(
            title: "How long a read takes",
            subtitle: "Milliseconds, origin and nodes on the same machine; \(fleet)",
            axis: Axis("", unit: "ms", isLogarithmic: true),
            groups: rows.map { row in
                let figures = row.measurement.summary
                return .init(
                    row.measurement.policy,
                    [
                        .init("first byte, median", figures.firstByte.p50),
                        .init("whole read, median", figures.wholeRead.p50),
                        .init("whole read, 99 %", figures.wholeRead.p99),
                    ])
            }
        ).svg
    }

    private func timeline(_ scenario: Scenario) -> String {
        let rows = result.rows(in: scenario).map(\.measurement)
        let series = rows.map { row in
            LineChart.Series(
                row.policy,
                row.timeline.steps.compactMap { step in
                    step.byteHitRate.map { (step.time + row.timeline.interval / 2, $0 * 100) }
                })
        }
        // Runs differ by some hundredths of a second.
        let marks = rows.last?.marks.map { LineChart.Mark(x: $0.time, $0.label) } ?? []
        return LineChart(
            title: scenario == .peerLost ? "A seed peer is lost" : "All seed peers restart, one by one",
            subtitle: "Byte hit rate of each half second; \(fleet)", x: Axis("time", unit: "s"),
            y: Axis("bytes that needed no origin", unit: "%", range: 0...100), series: series, marks: marks
        ).svg
    }

    private var smallStore: String {
        let rows = result.rows(in: .smallStore)
        return BarChart(
            title: "Stores with room for three quarters of their share",
            subtitle: "Bytes from the origin, relative to a single seed peer with room for all; \(fleet)",
            axis: Axis("", unit: "×"),
            groups: rows.map { row in
                let steady = result.rows(in: .steady).first { $0.measurement.policy == row.measurement.policy }
                let bars = steady.map { [BarChart.Bar("room for all", $0.originPerSingle)] } ?? []
                return .init(row.measurement.policy, bars + [.init("room for three quarters", row.originPerSingle)])
            }, reference: (1, "once")
        ).svg
    }

    private var failures: String? {
        let rows = [Scenario.peerLost, .rollingRestart].flatMap(result.rows).map(\.measurement)
        guard !rows.isEmpty else { return nil }
        return BarChart(
            title: "Reads that failed", subtitle: "Of \(result.reads) reads, and requests sent again; \(fleet)",
            axis: Axis(""),
            groups: rows.map { row in
                .init(
                    "\(row.scenario.rawValue), \(row.policy)",
                    [
                        .init("failed reads", Double(row.summary.failed)),
                        .init("retries", Double(row.summary.retries)),
                    ])
            }
        ).svg
    }
}

import Foundation
import HitRateWorkload

extension BenchmarkResult {
    /// A table in Markdown for each scenario.
    var tables: String {
        ([workloadLine] + Scenario.allCases.compactMap(table)).joined(separator: "\n\n")
    }

    private var workloadLine: String {
        """
        \(seedPeers) seed peers; \(starts) starts on \(parameters.nodes) nodes; \(parameters.images) images, \(layers) \
        layers, \(mebibytes(layerBytes)) MiB; \(reads) reads of \(mebibytes(demandedBytes)) MiB, \
        \(mebibytes(uniqueBytes)) MiB of them different; seed \(parameters.seed)
        """
    }

    private static let heading = [
        "Policy", "Hits", "Byte hits", "Origin ÷ asked", "Origin ÷ single", "Origin MiB", "sent again MiB", "requests",
        "First byte p50, p99 ms", "Read p50, p99 ms", "Failed", "Retries",
    ]

    private func table(_ scenario: Scenario) -> String? {
        let rows = rows(in: scenario)
        guard !rows.isEmpty else { return nil }
        let failures = rows.compactMap { row in
            row.measurement.firstFailure.map { "\(row.measurement.policy), first failed read: \($0)" }
        }
        let lines =
            ["\(scenario.rawValue):", ""] + markdown([Self.heading] + rows.map(cells))
            + (failures.isEmpty ? [] : [""] + failures)
        return lines.joined(separator: "\n")
    }

    private func cells(_ row: Row) -> [String] {
        let figures = row.measurement.summary
        return [
            row.measurement.policy, percent(figures.requestHitRate), percent(figures.byteHitRate),
            number(figures.originPerUnique, 2), "\(number(row.originPerSingle, 2)) ×", mebibytes(figures.origin.bytes),
            mebibytes(figures.origin.repeatedBytes), "\(figures.origin.requests)", pair(figures.firstByte),
            pair(figures.wholeRead), "\(figures.failed)", "\(figures.retries)",
        ]
    }

    /// Columns of equal width: the first to the left, numbers to the right.
    private func markdown(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = row.enumerated().map { column, text in
                let blank = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + blank : blank + text
            }
            return "| \(cells.joined(separator: " | ")) |"
        }
        let rule = widths.enumerated().map { column, width in
            String(repeating: "-", count: column == 0 ? width + 2 : width + 1) + (column == 0 ? "" : ":")
        }
        return [lines[0], "|\(rule.joined(separator: "|"))|"] + lines.dropFirst()
    }

    private func pair(_ times: Summary.Percentiles) -> String { "\(number(times.p50, 1)), \(number(times.p99, 1))" }

    private func percent(_ share: Double) -> String { "\(number(share * 100, 1)) %" }

    private func mebibytes(_ bytes: Int64) -> String { number(Double(bytes) / 1_048_576, 1) }

    private func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}

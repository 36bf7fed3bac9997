import Charts
import Foundation

/// The results as tables in Markdown.
extension Report {
    var tables: String {
        [
            "Balance: what each seed peer holds", balanceTable.text, "Movement: tasks whose set of seed peers changes",
            movementTable.text, "Hit rate by the size of all disks together: requests, bytes", hitRateTable.text,
            "Load of the most loaded seed peer ÷ mean: requests, bytes", loadTable.text,
        ].joined(separator: "\n\n")
    }

    private var balanceTable: Table {
        Table(
            ["Of", "Replicas", "Min", "Median", "Mean", "Max", "Deviation ÷ mean", "Max ÷ mean"],
            balance.map { row in
                let spread = row.spread
                let values = [spread.minimum, spread.median, spread.mean, spread.maximum].map { value in
                    row.measure == .tasks ? Self.fixed(value, 0) : Self.fixed(value / 1_073_741_824, 0) + " GiB"
                }
                return [row.measure.rawValue, "\(row.replicas)"] + values
                    + [Self.percent(spread.deviation), Self.fixed(spread.peak, 2)]
            })
    }

    private var movementTable: Table {
        Table(
            ["Peers", "Change", "Replicas", "Ideal", "Tasks", "Bytes", "Tasks ÷ ideal", "Between peers that stay"],
            movements.map { row in
                let movement = row.movement
                return ["\(row.peers)", row.change, "\(movement.replicas)"]
                    + [movement.ideal, movement.taskShare, movement.byteShare].map { Self.percent($0, 2) }
                    + [Self.fixed(movement.taskShare / movement.ideal, 2), "\(movement.misplaced)"]
            })
    }

    private var hitRateTable: Table {
        let shares = hitRates.map(\.diskShare).unique
        let routings = hitRates.map(\.routing).unique
        return Table(
            ["Disks"] + routings,
            shares.map { share in
                [Self.percent(share, 0)]
                    + hitRates.filter { $0.diskShare == share }
                    .map { "\(Self.percent($0.requestHitRate)), \(Self.percent($0.byteHitRate))" }
            })
    }

    private var loadTable: Table {
        Table(
            ["Exponent"] + loads.map(\.routing).unique,
            loads.map(\.exponent).unique.map { exponent in
                ["\(exponent)"]
                    + loads.filter { $0.exponent == exponent }
                    .map { "\(Self.fixed($0.requests, 2)), \(Self.fixed($0.bytes, 2))" }
            })
    }

    static func percent(_ share: Double, _ decimals: Int = 1) -> String { fixed(share * 100, decimals) + " %" }

    private static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}

/// A table in Markdown with columns of even width.
private struct Table {
    private let rows: [[String]]

    init(_ head: [String], _ rows: [[String]]) {
        self.rows = [head, head.map { _ in "" }] + rows
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { index, row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: index == 1 ? "-" : " ", count: width - cell.count)
            }
            return "| \(cells.joined(separator: " | ")) |"
        }.joined(separator: "\n")
    }
}

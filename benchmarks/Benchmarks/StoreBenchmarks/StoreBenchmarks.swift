// What the store costs: `swift run -c release StoreBenchmarks [--json] [--quick]`. The last tables are in README.md.
// --quick leaves out the million pieces and reads each working set for a shorter time.

import Foundation

// Not top-level code: that is bound to the main actor, which makes the loops here many times slower.
@main
enum StoreBenchmarks {
    private static let isQuick = CommandLine.arguments.contains("--quick")

    static func main() throws {
        // A client that is done closes its connection; the server sees that by the error.
        signal(SIGPIPE, SIG_IGN)
        let directory = NSTemporaryDirectory() + "/store-benchmarks-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try measureCommits(in: directory)
        try measureStart(in: directory, pieceCounts: isQuick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000])
        try measureReadPaths(in: directory, seconds: isQuick ? 0.5 : 2)
    }
}

private let isJSON = CommandLine.arguments.contains("--json")

/// One figure: printed as a line, or as an object with `--json`.
func report(_ what: String, _ value: Double, _ unit: String) {
    let number = value >= 100 || value == value.rounded() ? "\(Int(value.rounded()))" : String(format: "%.2f", value)
    print(
        isJSON
            ? "{\"benchmark\": \"\(what)\", \"value\": \(number), \"unit\": \"\(unit)\"}" : "\(what): \(number) \(unit)"
    )
}

import Foundation
import HitRateWorkload

/// All figures, as they are printed and written.
struct BenchmarkResult: Encodable {
    let parameters: WorkloadParameters
    let seedPeers: Int
    /// Starts that asked for something.
    let starts: Int
    let reads: Int
    let demandedBytes: Int64
    let uniqueBytes: Int64
    let layers: Int
    let layerBytes: Int64
    let results: [Row]

    /// A measurement, compared with that of a single seed peer.
    struct Row: Encodable {
        let measurement: Measurement
        /// Bytes of the origin ÷ those that it sent to a single seed peer in the steady run.
        let originPerSingle: Double
    }

    init(_ workload: Workload, seedPeers: Int, _ measurements: [Measurement]) {
        parameters = workload.parameters
        self.seedPeers = seedPeers
        starts = workload.starts.count
        reads = workload.reads.count
        demandedBytes = workload.demandedBytes
        uniqueBytes = workload.uniqueBytes
        layers = workload.layers.count
        layerBytes = workload.layers.reduce(0) { $0 + $1.length }
        results = measurements.map { measurement in
            let baseline = Policy.named(measurement.policy)?.baseline.name
            let single = measurements.first { $0.policy == baseline }?.summary.origin.bytes ?? 0
            let bytes = measurement.summary.origin.bytes
            return Row(measurement: measurement, originPerSingle: Double(bytes).ratio(to: Double(single)))
        }
    }

    func rows(in scenario: Scenario) -> [Row] { results.filter { $0.measurement.scenario == scenario } }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Writes the plots and, behind them, `result.json`.
    func write(to directory: String) throws {
        let target = URL(filePath: directory)
        for (name, svg) in Plots(self).all { try Data(svg.utf8).write(to: target.appending(path: "\(name).svg")) }
        try Data(json.utf8).write(to: Self.file(in: directory))
    }

    /// Takes away the result of an earlier run, so that it is not taken for that of one that fails.
    static func removeOld(in directory: String) throws {
        let file = file(in: directory)
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
    }

    private static func file(in directory: String) -> URL { URL(filePath: directory).appending(path: "result.json") }
}

import SeedTestSupport

/// The figures of one run.
package struct Summary: Sendable, Codable {
    /// Reads that the nodes did.
    package let reads: Int
    /// Of these, those that ended with an error.
    package let failed: Int
    /// Requests that a client sent again for the same read.
    package let retries: Int
    /// Responses of which all bytes were held, as a share (0 to 1) of all responses.
    package let requestHitRate: Double
    /// Bytes of these responses, as a share (0 to 1) of the bytes of all responses.
    package let byteHitRate: Double
    /// Different bytes that the workload asks for.
    package let uniqueBytes: Int64
    package let origin: OriginTraffic
    /// Bytes of the origin ÷ ``uniqueBytes``.
    package let originPerUnique: Double
    /// Milliseconds from a request to the first byte of its body.
    package let firstByte: Percentiles
    /// Milliseconds from a request to its last byte.
    package let wholeRead: Percentiles
    /// Bytes of responses by the seed peer that sent them.
    package let bytesBySeedPeer: [String: Int64]

    package struct Percentiles: Sendable, Codable {
        package let p50: Double
        package let p99: Double

        init(seconds: [Double]) {
            p50 = seconds.percentile(0.5) * 1_000
            p99 = seconds.percentile(0.99) * 1_000
        }
    }

    package init(_ records: [ReadRecord], origin: OriginTraffic, uniqueBytes: Int64, retries: Int) {
        let answered = records.filter { $0.outcome != .failed }
        let hits = answered.filter { $0.outcome == .hit }
        reads = records.count
        failed = records.count - answered.count
        self.retries = retries
        requestHitRate = Double(hits.count).ratio(to: Double(answered.count))
        byteHitRate = Double(hits.bytes).ratio(to: Double(answered.bytes))
        self.uniqueBytes = uniqueBytes
        self.origin = origin
        originPerUnique = Double(origin.bytes).ratio(to: Double(uniqueBytes))
        firstByte = Percentiles(seconds: answered.map(\.firstByte))
        wholeRead = Percentiles(seconds: answered.map(\.lastByte))
        bytesBySeedPeer = answered.reduce(into: [:]) { sums, record in
            if let name = record.seedPeer { sums[name, default: 0] += Int64(record.bytes) }
        }
    }
}

extension [ReadRecord] {
    /// Bytes of all of them.
    var bytes: Int { reduce(0) { $0 + $1.bytes } }
}

extension Double {
    /// The quotient; 0 when there is nothing to divide by.
    package func ratio(to whole: Double) -> Double { whole == 0 ? 0 : self / whole }
}

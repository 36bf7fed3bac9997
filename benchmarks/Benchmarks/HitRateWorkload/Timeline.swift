/// A run in steps of equal length.
package struct Timeline: Sendable, Codable {
    /// What happened within one step.
    package struct Step: Sendable, Codable {
        /// Seconds after the run's beginning, where the step begins.
        package let time: Double
        /// Bytes that reached the nodes.
        package var bytes = 0
        /// Of these, bytes of responses that were hits.
        package var hitBytes = 0
        /// Reads that ended with an error.
        package var failed = 0

        /// 0 to 1; nil when nothing was answered.
        package var byteHitRate: Double? { bytes == 0 ? nil : Double(hitBytes) / Double(bytes) }
    }

    /// Seconds.
    package let interval: Double
    package private(set) var steps: [Step]

    /// - Parameter interval: seconds, more than 0.
    package init(_ records: [ReadRecord], interval: Double = 0.5) {
        self.interval = interval
        let count = records.map(\.time).max().map { Int($0 / interval) + 1 } ?? 0
        steps = (0..<count).map { Step(time: Double($0) * interval) }
        for record in records { add(record) }
    }

    private mutating func add(_ record: ReadRecord) {
        let number = Int(record.time / interval)
        guard record.outcome != .failed else { return steps[number].failed += 1 }
        steps[number].bytes += record.bytes
        if record.outcome == .hit { steps[number].hitBytes += record.bytes }
    }
}

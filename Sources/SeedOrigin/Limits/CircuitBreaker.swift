package import SeedSupport

/// Stops requests to a host that keeps failing, so that clients learn it at once and the host can recover. Pure logic,
/// no I/O.
///
/// After `threshold` failures in a row the host's circuit opens: requests are refused for a while that doubles with each
/// failed trial. Then one request is let through as a trial; its success closes the circuit.
package struct CircuitBreaker {
    private struct Circuit {
        var failures = 0
        /// Nil while closed; from then on a trial may be made.
        var trialAt: MonotonicTime?
        var wait = Duration.zero
        var trial: UInt64?
    }

    private let threshold: Int
    private let firstWait: Duration
    private let longestWait: Duration
    private let capacity: Int
    /// Only of hosts that failed last; a healthy host has none.
    private var circuits: [String: Circuit] = [:]
    /// Hosts whose circuit is open or half-open.
    package private(set) var openCount = 0
    /// How often a circuit has opened; trials that failed don't count.
    package private(set) var openings: Int64 = 0

    /// - Parameters:
    ///   - threshold: failures in a row that open a circuit; 0 never does.
    ///   - capacity: failing hosts remembered.
    package init(
        threshold: Int, firstWait: Duration = .seconds(1), longestWait: Duration = .seconds(30), capacity: Int = 4096
    ) {
        self.threshold = threshold
        self.firstWait = firstWait
        self.longestWait = longestWait
        self.capacity = capacity
    }

    /// Nil if request `id` may go to the host; else how long to wait before asking again.
    package mutating func admit(_ id: UInt64, to host: String, now: MonotonicTime) -> Duration? {
        guard let circuit = circuits[host], let trialAt = circuit.trialAt else { return nil }
        if circuit.trial == id { return nil }
        if now < trialAt { return trialAt - now }
        // The next trial may be made when this one should have shown something.
        circuits[host]?.trial = id
        circuits[host]?.trialAt = now + circuit.wait
        return nil
    }

    /// The host responded, not with a server error.
    package mutating func succeeded(_ host: String) {
        forget(host)
    }

    private mutating func forget(_ host: String) {
        if circuits.removeValue(forKey: host)?.trialAt != nil { openCount -= 1 }
    }

    /// The host was unreachable, or responded with a server error.
    package mutating func failed(_ id: UInt64, at host: String, now: MonotonicTime) {
        guard threshold > 0 else { return }
        var circuit = circuits[host] ?? Circuit()
        circuit.failures += 1
        if circuit.trialAt == nil, circuit.failures >= threshold {
            circuit.wait = firstWait
            circuit.trialAt = now + circuit.wait
            openCount += 1
            openings += 1
        } else if circuit.trial == id {
            circuit.trial = nil
            circuit.wait = min(circuit.wait * 2, longestWait)
            circuit.trialAt = now + circuit.wait
        }
        if circuits[host] == nil, circuits.count >= capacity { forget(circuits[circuits.startIndex].key) }
        circuits[host] = circuit
    }
}

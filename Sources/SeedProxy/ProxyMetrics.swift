package import Synchronization

/// What the front door has counted since it started.
package final class ProxyMetrics: Sendable {
    /// Requests whose head was understood.
    package let requests = Atomic<Int>(0)
    /// Answers of which every byte was held.
    package let hits = Atomic<Int>(0)
    /// Answers of which some byte was missing.
    package let misses = Atomic<Int>(0)
    /// Requests that went straight through to the origin.
    package let bypasses = Atomic<Int>(0)
    /// Requests answered with an error of ours.
    package let refusals = Atomic<Int>(0)
    /// Connections cut by us in the middle of an answer.
    package let aborted = Atomic<Int>(0)
    /// Body bytes handed to client sockets.
    package let bytesSent = Atomic<Int>(0)
    /// Client connections open now.
    package let connections = Atomic<Int>(0)
    /// Client connections closed at once because too many were open.
    package let connectionsRefused = Atomic<Int>(0)

    init() {}
}

extension Atomic where Value == Int {
    /// Counters are only read for reports, so no order is needed.
    func count(_ amount: Int = 1) {
        wrappingAdd(amount, ordering: .relaxed)
    }

    /// The value now.
    package var current: Int { load(ordering: .relaxed) }
}

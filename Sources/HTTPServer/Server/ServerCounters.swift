import Synchronization

/// What a server has counted since it started, summed over its loops.
package struct ServerCounters: Sendable {
    let loops: [LoopCounters]

    /// Requests whose head was understood, without probes.
    package var requests: Int64 { sum(\.requests) }
    /// Connections cut by us in the middle of a response.
    package var aborted: Int64 { sum(\.aborted) }
    /// Body bytes handed to client sockets.
    package var bytesSent: Int64 { sum(\.bytesSent) }
    /// Client connections open now.
    package var connections: Int64 { sum(\.connections) }
    /// Client connections reset at once because too many were open, or no descriptor was left.
    package var connectionsRefused: Int64 { sum(\.connectionsRefused) }

    private func sum(_ count: (LoopCounters) -> LoopCounter) -> Int64 {
        loops.reduce(0) { $0 + count($1).current }
    }
}

/// The counters of one event loop, in memory of their own to avoid false sharing.
final class LoopCounters: Sendable {
    let requests = LoopCounter()
    let aborted = LoopCounter()
    let bytesSent = LoopCounter()
    let connections = LoopCounter()
    let connectionsRefused = LoopCounter()
}

/// A number that one thread changes and any thread reads.
final class LoopCounter: Sendable {
    private let value = Atomic<Int64>(0)

    var current: Int64 { value.load(ordering: .relaxed) }

    /// On the one thread, so no atomic addition is needed.
    func add(_ amount: Int64 = 1) {
        value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}

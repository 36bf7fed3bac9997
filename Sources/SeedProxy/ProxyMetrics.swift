import HTTPServer
package import SeedSupport

/// What the proxy counts of its requests. Each metric is declared here, with its name and meaning.
package struct ProxyMetrics: Sendable {
    /// Responses of which every byte was held.
    package let hits: Counter
    /// Responses of which some byte was missing.
    package let misses: Counter
    /// Requests that went straight through to the origin.
    package let bypasses: Counter
    /// Requests answered with an error of ours.
    package let refusals: Counter

    init(_ registry: MetricsRegistry) {
        hits = registry.counter("hits_total", "Responses of which every byte was held.")
        misses = registry.counter("misses_total", "Responses of which some byte was missing.")
        bypasses = registry.counter("bypasses_total", "Requests that went straight through.")
        refusals = registry.counter("refusals_total", "Requests answered with an error of ours.")
    }

    func count(_ outcome: ServedRequest.Outcome) {
        switch outcome {
        case .hit: hits.add()
        case .miss: misses.add()
        case .bypass: bypasses.add()
        case .refused: refusals.add()
        }
    }

    /// Shows what the server counts.
    static func declare(_ counters: ServerCounters, in registry: MetricsRegistry) {
        registry.counted("requests_total", "Requests whose head was understood.") { counters.requests }
        registry.counted("aborts_total", "Connections cut in the middle of a response.") { counters.aborted }
        registry.counted("sent_bytes_total", "Body bytes handed to client sockets.") { counters.bytesSent }
        registry.measured("connections", "Client connections open now.") { counters.connections }
        registry.counted(
            "connections_refused_total", "Client connections reset at once: too many, or no descriptor left."
        ) {
            counters.connectionsRefused
        }
    }
}

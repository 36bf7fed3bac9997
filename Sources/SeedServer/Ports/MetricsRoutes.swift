import HTTPSemantics
import HTTPServer
import SeedStorage
import SeedSupport

/// `GET /metrics` answers in Prometheus' text format, version 0.0.4.
struct MetricsRoutes: Sendable {
    let registry: MetricsRegistry
    /// Some metrics are read from the index, which blocks.
    let threads: StoreThreads

    var table: RouteTable {
        RouteTable([
            Route(.get, "/metrics") { _, respond in
                let work: StoreThreads.Work = { respond(response) }
                // Closed threads mean a closed index: nothing is waited for then.
                if !threads.run(work) { work() }
            }
        ])
    }

    private var response: RouteResponse {
        .text(registry.text(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

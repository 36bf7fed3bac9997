package import SeedSupport

/// What is counted and timed of requests to origins, those that pass through included. Each metric is declared here, with its
/// name and meaning.
package struct OriginMetrics: Sendable {
    /// How an exchange with an origin began.
    enum FirstByte: String, CaseIterable {
        case success
        case redirect
        case clientError = "client_error"
        case serverError = "server_error"
        /// It ended without a response head.
        case failed

        init(status: Int) {
            switch status {
            case 300..<400 where status != 304: self = .redirect
            case 400..<500: self = .clientError
            case 500...: self = .serverError
            default: self = .success
            }
        }
    }

    /// Requests of the cached way that wait for one of the limited places.
    let queued: Gauge
    private let firstBytes: [FirstByte: Histogram]
    private let pauses: [OriginFetch.Pause: Counter]
    let redirects: Counter
    let rememberedRedirects: Counter
    let openCircuits: Gauge
    let openedCircuits: Counter
    /// Requests that were not sent because their host is left alone.
    let circuitRefusals: Counter

    package init(_ registry: MetricsRegistry) {
        queued = registry.gauge("origin_queued_requests", "Requests that wait for their turn at an origin.")
        firstBytes = Dictionary(
            uniqueKeysWithValues: FirstByte.allCases.map { outcome in
                let histogram = registry.histogram(
                    "origin_first_byte_seconds",
                    "From sending a request, or dialling, to the response head or failure.",
                    labels: [("outcome", outcome.rawValue)])
                return (outcome, histogram)
            })
        pauses = Dictionary(
            uniqueKeysWithValues: OriginFetch.Pause.allCases.map { reason in
                let counter = registry.counter(
                    "origin_transfer_pauses_total", "Times that an origin was held back.",
                    labels: [("reason", reason.rawValue)])
                return (reason, counter)
            })
        let help = "Redirects followed, and requests that began where a remembered one leads."
        redirects = registry.counter("origin_redirects_total", help, labels: [("kind", "followed")])
        rememberedRedirects = registry.counter("origin_redirects_total", help, labels: [("kind", "remembered")])
        openCircuits = registry.gauge("origin_open_circuits", "Hosts left alone now, as they failed too often.")
        openedCircuits = registry.counter("origin_circuits_opened_total", "Times that a host was left alone.")
        circuitRefusals = registry.counter(
            "origin_circuit_refusals_total", "Requests not sent because their host is left alone.")
    }

    func observe(_ outcome: FirstByte, since start: MonotonicTime) {
        firstBytes[outcome]?.observe(.now() - start)
    }

    func paused(_ reason: OriginFetch.Pause) {
        pauses[reason]?.add()
    }
}

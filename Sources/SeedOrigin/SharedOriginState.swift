import SeedSupport

/// What requests learn for each other: redirects, failing hosts, bandwidth. Confined to the driver's loop.
final class SharedOriginState {
    var redirects: RedirectMemo
    private(set) var breaker: CircuitBreaker
    var rates: BandwidthLimiter
    /// Requests that waited for another to resolve a redirect, and may start now.
    var released: [UInt64] = []

    let metrics: OriginMetrics

    init(_ configuration: OriginConfiguration, _ metrics: OriginMetrics) {
        self.metrics = metrics
        redirects = RedirectMemo(
            timeToLive: configuration.remembersRedirects ? configuration.redirectTimeToLive : .zero)
        breaker = CircuitBreaker(threshold: configuration.failuresToOpenCircuit)
        rates = BandwidthLimiter(
            all: configuration.bandwidth, background: configuration.backgroundBandwidth, now: .now())
    }

    /// Nil if request `id` may go to the host; otherwise how long its circuit stays open.
    func admit(_ id: UInt64, to host: String) -> Duration? {
        let wait = breaker.admit(id, to: host, now: .now())
        if wait != nil { metrics.circuitRefusals.add() }
        return wait
    }

    /// The host responded, not with a server error.
    func succeeded(_ host: String) {
        breaker.succeeded(host)
        metrics.openCircuits.set(Int64(breaker.openCount))
    }

    /// The host was unreachable, or responded with a server error.
    func failed(_ id: UInt64, at host: String) {
        let openings = breaker.openings
        breaker.failed(id, at: host, now: .now())
        metrics.openedCircuits.add(breaker.openings - openings)
        metrics.openCircuits.set(Int64(breaker.openCount))
    }
}

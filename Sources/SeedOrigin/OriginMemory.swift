import SeedSupport

/// What is learned from one request for the others. It lives on the driver's loop.
final class OriginMemory {
    var redirects: RedirectMemo
    var breaker: CircuitBreaker
    var rates: BandwidthLimiter
    /// Requests that waited for another to resolve a redirect, and may start now.
    var released: [UInt64] = []

    init(_ configuration: OriginConfiguration) {
        redirects = RedirectMemo(timeToLive: configuration.redirectTimeToLive)
        breaker = CircuitBreaker(threshold: configuration.failuresToOpenCircuit)
        rates = BandwidthLimiter(
            all: configuration.bandwidth, background: configuration.backgroundBandwidth, now: .now())
    }
}

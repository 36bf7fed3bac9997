import Glibc

/// What the driver thread learns from one transfer for the others. Used on the driver thread only.
final class DriverMemory {
    var redirects: RedirectMemo
    var breaker: CircuitBreaker
    var rates: BandwidthLimiter
    /// Transfers that waited for another to resolve a redirect, and may start now.
    var released: [UInt64] = []

    init(_ configuration: OriginConfiguration) {
        redirects = RedirectMemo(timeToLive: Int64(configuration.redirectTimeToLive / .seconds(1)))
        breaker = CircuitBreaker(threshold: configuration.failuresToOpenCircuit)
        rates = BandwidthLimiter(
            all: configuration.bandwidth, background: configuration.backgroundBandwidth, now: .now)
    }

    /// Seconds since 1970: signatures expire by the wall's clock.
    static var wallClock: Int64 { Int64(time(nil)) }
}

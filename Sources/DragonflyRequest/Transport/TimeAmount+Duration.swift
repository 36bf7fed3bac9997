import NIOCore

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        // A century is for ever, and does not overflow when added to now.
        let limit: Int64 = 100 * 365 * 86_400 * 1_000_000_000
        self = .nanoseconds(overflow ? limit : min(product + attoseconds / 1_000_000_000, limit))
    }
}

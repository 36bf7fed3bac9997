extension Duration {
    /// In nanoseconds, clamped to what an `Int64` holds (292 years).
    package var nanoseconds: Int64 { inUnits(of: 1_000_000_000) }

    /// In milliseconds, rounded towards zero, clamped.
    package var milliseconds: Int64 { inUnits(of: 1_000) }

    /// In seconds, with fractions.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    private func inUnits(of perSecond: Int64) -> Int64 {
        let (whole, overflow) = components.seconds.multipliedReportingOverflow(by: perSecond)
        guard !overflow else { return components.seconds < 0 ? .min : .max }
        return whole.addingClamped(components.attoseconds / (1_000_000_000_000_000_000 / perSecond))
    }
}

extension Int64 {
    /// The sum, or the end of the range that it would pass.
    package func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

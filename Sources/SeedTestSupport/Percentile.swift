extension [Double] {
    /// The value below which that share (0 to 1) of all values lies; 0 when there are none.
    package func percentile(_ share: Double) -> Double {
        isEmpty ? 0 : sorted()[Swift.min(count - 1, Int(Double(count) * share))]
    }
}

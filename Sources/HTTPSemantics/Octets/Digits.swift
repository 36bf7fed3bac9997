extension Int64 {
    /// A number of ASCII digits only, as HTTP writes lengths and positions: no sign, no blank. Nil also for one above
    /// `Int64.max`.
    @inlinable
    package init?(digits: some Collection<UInt8>) {
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte.isDigit else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte &- 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        self = value
    }

    /// The same, of text.
    @inlinable
    package init?(digits: some StringProtocol) {
        self.init(digits: digits.utf8)
    }

    /// The same, but a number above `limit` counts as `limit`: what HTTP advises for ages and delays (RFC 9111 §1.2.2).
    package init?(digits: some Collection<UInt8>, atMost limit: Int64) {
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        self = Swift.min(Int64(digits: digits) ?? limit, limit)
    }
}

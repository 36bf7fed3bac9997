import HTTPSemantics
package import SeedSupport

/// A block of addresses, `10.0.0.0/8` or `fd00::/8`; a bare address is a block of one.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    private let base: IPAddress
    private let prefixLength: Int

    /// Nil if the address or the length is invalid.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let base = IPAddress(String(first)) else { return nil }
        let width = if case .v4 = base { 32 } else { 128 }
        guard let length = parts.count == 2 ? Int64(digits: parts[1]).map(Int.init) : width, length <= width else {
            return nil
        }
        self.base = base
        self.prefixLength = length
    }

    package var description: String { "\(base)/\(prefixLength)" }

    package func contains(_ address: IPAddress) -> Bool {
        switch (base, address) {
        case (.v4(let base), .v4(let bits)):
            base >> (32 - prefixLength) == bits >> (32 - prefixLength)  // Swift's shift by 32 gives 0
        case (.v6(let baseHigh, let baseLow), .v6(let high, let low)):
            baseHigh >> max(0, 64 - prefixLength) == high >> max(0, 64 - prefixLength)
                && baseLow >> min(64, 128 - prefixLength) == low >> min(64, 128 - prefixLength)
        case (.v4, .v6), (.v6, .v4): false
        }
    }
}

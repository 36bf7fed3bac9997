/// Sizes as people write them: `MB` is 10^6, `MiB` is 2^20, a bare number is bytes; `B` may be left out.
enum ByteSize {
    /// Reads a size in bytes; nil when it is not one, or doesn't fit in 63 bits.
    static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCIIDigit || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let factor = factor(ofUnit: unit) else { return nil }
        if let whole = Int64(digits) {
            let (bytes, overflow) = whole.multipliedReportingOverflow(by: factor)
            return overflow ? nil : bytes
        }
        guard let fraction = Double(digits) else { return nil }
        return Int64(exactly: (fraction * Double(factor)).rounded(.down))
    }

    /// Writes a size in the largest binary unit that leaves nothing over: 524288 is `512KiB`.
    static func show(_ bytes: Int64) -> String {
        let shift = bytes == 0 ? 0 : min(bytes.trailingZeroBitCount / 10, prefixes.count)
        return shift == 0 ? "\(bytes)" : "\(bytes >> (10 * shift))\(prefixes[shift - 1].uppercased())iB"
    }

    private static let prefixes = ["k", "m", "g", "t", "p"]

    private static func factor(ofUnit unit: String) -> Int64? {
        let letters = unit.hasSuffix("b") ? String(unit.dropLast()) : unit
        guard !letters.isEmpty else { return 1 }
        guard let power = prefixes.firstIndex(of: String(letters.prefix(1))) else { return nil }
        switch letters.dropFirst() {
        case "": return repeatElement(1_000, count: power + 1).reduce(1, *)
        case "i": return 1 << (10 * Int64(power + 1))
        default: return nil
        }
    }
}

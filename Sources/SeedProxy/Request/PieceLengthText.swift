import HTTPSemantics

/// Sizes as `X-Dragonfly-Piece-Length` writes them: `8388608`, `4mib`, `16 MiB`, `10MB`.
enum PieceLengthText {
    private static let units: [String: UInt64] = [
        "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1_000_000, "mb": 1_000_000, "g": 1_000_000_000, "gb": 1_000_000_000,
        "ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30, "gib": 1 << 30,
    ]

    /// In bytes; nil if invalid, which Dragonfly ignores.
    static func bytes(_ text: String) -> UInt64? {
        let text = text.trimmingBlanks
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...].trimmingBlanks.lowercased()
        guard let number = UInt64(digits), let factor = units[unit] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }
}

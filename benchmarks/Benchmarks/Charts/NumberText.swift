import Foundation

/// Numbers as a chart shows them: `0.25`, `12,500`, `3 M`.
enum NumberText {
    /// The labels of ticks: all with as many decimals as the closest two need.
    static func ticks(_ scale: Scale, _ axis: Axis) -> [String] {
        guard !scale.isLogarithmic, scale.ticks.count > 1 else { return scale.ticks.map { value($0, axis) } }
        let largest = scale.ticks.map(abs).max() ?? 0
        let (divisor, prefix) = prefix(largest, axis)
        let step = (scale.ticks[1] - scale.ticks[0]) / divisor
        return scale.ticks.map { fixed($0 / divisor, decimals(step: step)) + prefix + axis.valueSuffix }
    }

    /// A value with three significant digits.
    static func value(_ value: Double, _ axis: Axis) -> String {
        guard abs(value) <= 1e18 else { return "n/a" }
        let (divisor, prefix) = prefix(abs(value), axis)
        return significant(value / divisor) + prefix + axis.valueSuffix
    }

    /// Prefixes of SI, unless a unit stands at the number that may have one already.
    private static func prefix(_ value: Double, _ axis: Axis) -> (Double, String) {
        guard axis.valueSuffix.isEmpty else { return (1, "") }
        for (divisor, prefix) in [(1e12, "T"), (1e9, "G"), (1e6, "M")] where value >= divisor {
            return (divisor, "\u{A0}\(prefix)")
        }
        return (1, "")
    }

    private static func decimals(step: Double) -> Int {
        // The step may be a little less than a power of ten.
        max(0, -Int((log10(step) + 1e-6).rounded(.down)))
    }

    private static func significant(_ value: Double) -> String {
        guard abs(value) >= 1e-18 else { return "0" }
        let exponent = Int(log10(abs(value)).rounded(.down))
        guard exponent >= -4 else { return String(format: "%.1e", value) }
        let text = fixed(value, max(0, 2 - exponent))
        guard text.contains(".") else { return text }
        let short = text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()
        return String(short)
    }

    /// With commas between thousands.
    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        let text = String(format: "%.\(decimals)f", abs(value))
        let parts = text.split(separator: ".", maxSplits: 1)
        let digits = Array(parts[0])
        let grouped = digits.indices.map { index in
            index > 0 && (digits.count - index) % 3 == 0 ? ",\(digits[index])" : "\(digits[index])"
        }
        let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
        return (value < 0 && !isZero ? "−" : "") + grouped.joined() + (parts.count == 2 ? ".\(parts[1])" : "")
    }
}

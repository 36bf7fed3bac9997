import Foundation

/// Where values lie on an axis, and at which of them it has ticks.
package struct Scale: Sendable {
    /// The values at both ends.
    package let range: ClosedRange<Double>
    /// Round numbers within the range, in ascending order.
    package let ticks: [Double]
    package let isLogarithmic: Bool

    /// - Parameters:
    ///   - values: those that cannot be drawn don't count.
    ///   - includesZero: a linear axis that follows its data begins or ends at zero at least.
    package init(_ axis: Axis, values: [Double], includesZero: Bool = false) {
        isLogarithmic = axis.isLogarithmic
        let drawable = values.filter { Self.canDraw($0, isLogarithmic: axis.isLogarithmic) }
        if let range = axis.range, Self.canDraw(range, isLogarithmic: isLogarithmic) {
            self.range = range
            ticks = isLogarithmic ? Self.decades(in: range) : Self.multiples(in: range)
        } else if isLogarithmic {
            let bounds = Self.roundLogarithmic(drawable)
            (range, ticks) = (bounds, Self.decades(in: bounds))
        } else {
            let bounds = Self.roundLinear(includesZero ? drawable + [0] : drawable)
            (range, ticks) = (bounds, Self.multiples(in: bounds))
        }
    }

    /// 0 at the lower end, 1 at the upper; values beyond an end lie on it.
    package func position(_ value: Double) -> Double {
        guard !value.isNaN else { return 0 }
        return min(1, max(0, unlimitedPosition(value)))
    }

    func canDraw(_ value: Double) -> Bool { Self.canDraw(value, isLogarithmic: isLogarithmic) }

    private func unlimitedPosition(_ value: Double) -> Double {
        guard isLogarithmic else { return (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
        guard value > 0 else { return 0 }
        return log10(value / range.lowerBound) / log10(range.upperBound / range.lowerBound)
    }
}

// MARK: - Bounds

extension Scale {
    /// Beyond these, differences and quotients may no longer be numbers.
    private static let smallest = 1e-18
    private static let largest = 1e18

    private static func canDraw(_ value: Double, isLogarithmic: Bool) -> Bool {
        abs(value) <= largest && (!isLogarithmic || value >= smallest)
    }

    private static func canDraw(_ range: ClosedRange<Double>, isLogarithmic: Bool) -> Bool {
        let ends = [range.lowerBound, range.upperBound]
        return ends.allSatisfy { canDraw($0, isLogarithmic: isLogarithmic) } && isWide(ends[0], ends[1])
    }

    private static func isWide(_ low: Double, _ high: Double) -> Bool {
        high - low > max(smallest, 1e-12 * max(abs(low), abs(high)))
    }

    /// The data's bounds, moved out to the next ticks.
    private static func roundLinear(_ values: [Double]) -> ClosedRange<Double> {
        guard var low = values.min(), var high = values.max() else { return 0...1 }
        if !isWide(low, high) {
            let half = abs(low) > smallest ? abs(low) / 2 : 0.5
            (low, high) = (low - half, high + half)
        }
        let step = step(for: high - low)
        return (low / step).rounded(.down) * step...(high / step).rounded(.up) * step
    }

    /// The data's bounds, moved out to the next 1, 2 or 5 times a power of ten.
    private static func roundLogarithmic(_ values: [Double]) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else { return 1...10 }
        let (lower, upper) = (rounded(low, .down), rounded(high, .up))
        return isWide(lower, upper) ? lower...upper : lower / 10...upper * 10
    }

    private static func rounded(_ value: Double, _ rule: FloatingPointRoundingRule) -> Double {
        let exponent = Int(log10(value).rounded(.down))
        let candidates = [1, 2, 5, 10, 20].map { $0 * power(exponent) }
        // What is round already stays, whatever its last binary digit.
        return rule == .up
            ? candidates.first { $0 >= value * (1 - 1e-9) } ?? value
            : candidates.last { $0 <= value * (1 + 1e-9) } ?? value
    }
}

// MARK: - Ticks

extension Scale {
    /// 1, 2 or 5 times a power of ten, for about five to ten steps.
    private static func step(for span: Double) -> Double {
        let exponent = Int(log10(span / 5).rounded(.down))
        let rough = span / 5 / power(exponent)
        return (rough < 2 ? 1 : rough < 5 ? 2 : 5) * power(exponent)
    }

    private static func multiples(in range: ClosedRange<Double>) -> [Double] {
        let step = step(for: range.upperBound - range.lowerBound)
        let first = Int((range.lowerBound / step - 1e-9).rounded(.up))
        let last = Int((range.upperBound / step + 1e-9).rounded(.down))
        guard first <= last else { return [] }
        // A quotient by a power of ten is exact where a product with 0.1 is not.
        return (first...last).map { step < 1 ? Double($0) / (1 / step).rounded() : Double($0) * step }
    }

    /// Powers of ten; with their doubles and fivefolds on a short axis, every second or third of them on a long one.
    private static func decades(in range: ClosedRange<Double>) -> [Double] {
        let (low, high) = (range.lowerBound * (1 - 1e-9), range.upperBound * (1 + 1e-9))
        let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.down))
        let isShort = high / low < 1_500
        let stride = max(1, (exponents.count + 7) / 8)
        return exponents.flatMap { exponent -> [Double] in
            guard exponent % stride == 0 || isShort else { return [] }
            return (isShort ? [1, 2, 5] : [1]).map { $0 * power(exponent) }
        }.filter { low <= $0 && $0 <= high }
    }

    private static func power(_ exponent: Int) -> Double {
        exponent < 0 ? 1 / pow(10, Double(-exponent)) : pow(10, Double(exponent))
    }
}

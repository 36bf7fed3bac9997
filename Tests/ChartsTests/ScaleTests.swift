import Testing

@testable import Charts

@Suite("Scales and their ticks")
struct ScaleTests {
    private static func scale(_ values: [Double], zero: Bool = false, _ axis: Axis = Axis("")) -> Scale {
        Scale(axis, values: values, includesZero: zero)
    }

    @Test(
        "Ticks are round numbers, and the range ends at them",
        arguments: [
            ([0, 97], [0, 20, 40, 60, 80, 100]),
            ([0, 1], [0, 0.2, 0.4, 0.6, 0.8, 1]),
            ([0.1, 0.3], [0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3]),
            ([-3, 4], [-3, -2, -1, 0, 1, 2, 3, 4]),
            ([1_234_567, 5_432_100], [1e6, 1.5e6, 2e6, 2.5e6, 3e6, 3.5e6, 4e6, 4.5e6, 5e6, 5.5e6]),
            ([0, 0.000_3], [0, 0.000_05, 0.000_1, 0.000_15, 0.000_2, 0.000_25, 0.000_3]),
        ] as [([Double], [Double])])
    func linear(values: [Double], ticks: [Double]) {
        let scale = Self.scale(values)
        #expect(scale.ticks.count == ticks.count, "\(scale.ticks)")
        for (tick, wanted) in zip(scale.ticks, ticks) { #expect(abs(tick - wanted) <= 1e-12 * max(1, abs(wanted))) }
        #expect(scale.position(scale.ticks[0]) < 1e-9 && scale.position(scale.ticks.last ?? 0) > 1 - 1e-9)
    }

    @Test("An axis from zero has it at its end, and on it is where bars begin")
    func zero() {
        #expect(Self.scale([90, 100], zero: true).range == 0...100)
        #expect(Self.scale([-5, -1], zero: true).range == -5...0)
        #expect(Self.scale([90, 100]).range == 90...100)
    }

    @Test(
        "A logarithmic axis has decades, and their doubles and fivefolds where it is short",
        arguments: [
            ([3, 70], [2, 5, 10, 20, 50, 100]),
            ([1, 100_000], [1, 10, 100, 1_000, 10_000, 100_000]),
            ([0.01, 0.02], [0.01, 0.02]),
            ([5, 5], [0.5, 1, 2, 5, 10, 20, 50]),
        ] as [([Double], [Double])])
    func logarithmic(values: [Double], ticks: [Double]) {
        let scale = Self.scale(values, Axis("", isLogarithmic: true))
        #expect(scale.ticks.count == ticks.count, "\(scale.ticks)")
        for (tick, wanted) in zip(scale.ticks, ticks) { #expect(abs(tick - wanted) <= 1e-9 * wanted) }
    }

    @Test("Equal factors are equal distances on a logarithmic axis, and zero lies at its lower end")
    func factors() {
        let scale = Self.scale([1, 10_000], Axis("", isLogarithmic: true))
        #expect(abs(scale.position(10) - 0.25) < 1e-12 && abs(scale.position(1_000) - 0.75) < 1e-12)
        #expect(scale.position(0) == 0 && scale.position(-1) == 0)
    }

    @Test("A range of its own is kept as it is, with round ticks inside, and what is beyond lies on its ends")
    func fixed() {
        let scale = Self.scale([500], Axis("", range: 13...87))
        #expect(scale.range == 13...87 && scale.ticks == [20, 30, 40, 50, 60, 70, 80])
        #expect(scale.position(500) == 1 && scale.position(0) == 0)
    }

    @Test(
        "A range that cannot be drawn is the data's",
        arguments: [5...5, -Double.infinity...Double.infinity, 0...Double.greatestFiniteMagnitude])
    func unusable(range: ClosedRange<Double>) {
        #expect(Self.scale([0, 10], Axis("", range: range)).range == 0...10)
        #expect(Self.scale([1, 10], Axis("", isLogarithmic: true, range: 0...10)).range == 1...10)
    }

    @Test(
        "No data, equal data and data that are no numbers have a range, too",
        arguments: [
            [], [7], [7, 7], [0, 0], [-7], [.nan], [.infinity, -.infinity], [1e-300, 2e-300], [1, 1 + 1e-15],
            [1e18, 1e18 - 128], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [1e-18, 1e18],
        ] as [[Double]], [false, true])
    func degenerate(values: [Double], isLogarithmic: Bool) {
        let scale = Self.scale(values, Axis("", isLogarithmic: isLogarithmic))
        #expect(scale.range.lowerBound < scale.range.upperBound && scale.range.upperBound.isFinite)
        #expect((2...20).contains(scale.ticks.count), "\(scale.ticks)")
        #expect(scale.ticks == scale.ticks.sorted())
        for value in values { #expect((0...1).contains(scale.position(value))) }
    }
}

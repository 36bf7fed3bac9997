import Testing

@testable import Charts

@Suite("Numbers in charts")
struct NumberTextTests {
    @Test(
        "A value has three significant digits",
        arguments: [
            (0, "0"), (0.12345, "0.123"), (1, "1"), (1.5, "1.5"), (12.345, "12.3"), (99.96, "100"), (123.4, "123"),
            (1_234.5, "1,234"), (123_456, "123,456"), (2_500_000, "2.5 M"), (3e9, "3 G"), (-4.25, "−4.25"),
            (0.000_012, "1.2e-05"), (-0.0, "0"), (.nan, "n/a"), (.infinity, "n/a"),
        ] as [(Double, String)])
    func values(value: Double, text: String) {
        #expect(NumberText.value(value, Axis("")).replacing("\u{A0}", with: " ") == text)
    }

    @Test("A short unit stands at each value, and a long one in the axis's title")
    func units() {
        #expect(NumberText.value(12.3, Axis("Hits", unit: "%")) == "12.3\u{A0}%")
        #expect(NumberText.value(2e6, Axis("Size", unit: "MiB")) == "2,000,000\u{A0}MiB")
        let rate = Axis("Rate", unit: "requests/s")
        #expect(NumberText.value(12.3, rate) == "12.3" && rate.heading == "Rate (requests/s)")
        #expect(Axis("Hits", unit: "%").heading == "Hits")
    }

    @Test("Ticks have as many decimals as their distance needs")
    func ticks() {
        func labels(_ values: [Double]) -> [String] { NumberText.ticks(Scale(Axis(""), values: values), Axis("")) }
        #expect(labels([0, 1]) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(labels([0, 5_000]) == ["0", "1,000", "2,000", "3,000", "4,000", "5,000"])
        #expect(labels([0, 3e6])[1].replacing("\u{A0}", with: " ") == "0.5 M")
        #expect(labels([0.01, 0.06]) == ["0.01", "0.02", "0.03", "0.04", "0.05", "0.06"])
    }
}

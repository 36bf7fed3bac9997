import Charts
import Foundation
import Testing

@Suite("Charts as SVG")
struct ChartTests {
    private static func bars(
        _ groups: [BarChart.Group], title: String = "Title", axis: Axis = Axis("Rate", unit: "MiB/s"),
        reference: (value: Double, label: String)? = nil, isStacked: Bool = false
    ) -> String {
        BarChart(
            title: title, subtitle: "Subtitle", axis: axis, groups: groups, reference: reference, isStacked: isStacked
        ).svg
    }

    private static func lines(
        _ series: [LineChart.Series], y: Axis = Axis("Share", unit: "%"), marks: [LineChart.Mark] = []
    ) -> String {
        LineChart(title: "Title", subtitle: "Subtitle", x: Axis("Time", unit: "s"), y: y, series: series, marks: marks)
            .svg
    }

    private static let hostile = "a<b & \"c\" > 'd' \u{0}\u{7}\u{FFFF} ]]> é 漢 🐉"

    @Test("Text is escaped, and what was written is what a parser reads")
    func escaping() throws {
        let group = BarChart.Group("x<y", [.init("p&q", 1), .init("r\"s", 2)])
        let texts = try Image(Self.bars([group], title: "1 < 2 & 3", reference: (1, "<limit>"))).texts
        for text in ["1 < 2 & 3", "x<y", "p&q", "r\"s", "<limit>"] { #expect(texts.contains(text), "\(texts)") }
        let line = LineChart.Series(Self.hostile, [(0, 1), (1, 2)])
        let mark = LineChart.Mark(x: 0.5, Self.hostile)
        #expect(try Image(Self.lines([line], marks: [mark])).texts.contains { $0.contains("<b & \"c\" > 'd'") })
    }

    @Test("A bar is as long as its value, and the value stands at it")
    func lengths() throws {
        let image = try Image(
            Self.bars([.init("one", [.init("a", 10), .init("b", 20)]), .init("two", [.init("a", 40)])]))
        let (blue, orange) = (image.bars(filled: "#0072b2").map(\.width), image.bars(filled: "#e69f00").map(\.width))
        try #require(blue.count == 2 && orange.count == 1)
        #expect(abs(orange[0] / blue[0] - 2) < 0.01 && abs(blue[1] / blue[0] - 4) < 0.01)
        for text in ["10", "20", "40", "Rate (MiB/s)", "a", "b"] { #expect(image.texts.contains(text)) }
    }

    @Test("The shortest bar can be seen on a logarithmic axis, too")
    func shortest() throws {
        let axis = Axis("Time", unit: "ms", isLogarithmic: true)
        let image = try Image(Self.bars([.init("one", [.init("a", 1), .init("b", 100)])], axis: axis))
        #expect(image.bars(filled: "#0072b2")[0].width > 20)
    }

    @Test("Stacked bars lie end to end, with their sum behind the last")
    func stacked() throws {
        let image = try Image(Self.bars([.init("one", [.init("a", 10), .init("b", 25)])], isStacked: true))
        let (first, second) = (image.bars(filled: "#0072b2")[0], image.bars(filled: "#e69f00")[0])
        #expect(abs(first.x + first.width + 1 - second.x) < 0.2 && first.y == second.y)
        #expect(image.texts.contains("35"))
    }

    @Test("One series needs no legend")
    func legend() throws {
        #expect(try !Image(Self.bars([.init("one", [.init("only", 10)])])).texts.contains("only"))
        #expect(try !Image(Self.lines([.init("only", [(0, 1), (1, 2)])])).texts.contains("only"))
    }

    @Test("A line rises where its values do")
    func course() throws {
        let points = try Image(Self.lines([.init("a", [(0, 0), (1, 50), (2, 100)])])).polylines[0]
        #expect(points.map(\.x) == points.map(\.x).sorted())
        #expect(abs(points[0].y - 2 * points[1].y + points[2].y) < 0.3 && points[2].y < points[0].y)
    }

    @Test("One point is a dot, and marks are named")
    func onePoint() throws {
        let image = try Image(Self.lines([.init("a", [(3, 7)])], marks: [.init(x: 3, "start"), .init(x: 3.1, "end")]))
        #expect(image.count("circle") == 1 && image.polylines.isEmpty)
        #expect(image.texts.contains("start") && image.texts.contains("end"))
    }

    @Test(
        "No data, equal data and data that are no numbers make an image without NaN",
        arguments: [
            [], [5], [5, 5, 5], [0], [.nan], [.infinity, 1], [-.infinity, .nan, 3], [-4, 4], [1e300, 1],
            [1e-300, 1e-18],
        ] as [[Double]], [false, true])
    func degenerate(values: [Double], isLogarithmic: Bool) throws {
        let axis = Axis("Value", isLogarithmic: isLogarithmic)
        let group = BarChart.Group("group", values.map { .init("\($0 > 1)", $0) })
        let series = LineChart.Series("a", values.enumerated().map { (Double($0), $1) })
        for svg in [
            Self.bars([group], axis: axis, reference: (values.first ?? .nan, "here")),
            Self.bars([group], axis: axis, isStacked: true), Self.bars([], axis: axis),
            Self.lines([series, .init("empty", [])], y: axis, marks: values.map { .init(x: $0, "mark") }),
            Self.lines([.init("a", values.map { ($0, $0) })], y: axis), Self.lines([], y: axis),
        ] {
            #expect(try Image(svg).areAllNumbersFinite, "\(svg)")
        }
    }

    @Test("The same data make the same bytes")
    func deterministic() {
        let group = BarChart.Group("one", [.init("a", 1), .init("b", 2), .init("c", 3)])
        #expect(Self.bars([group]) == Self.bars([group]))
    }
}

/// Horizontal bars in groups, as an SVG image. Bars of one series have one colour in all groups.
package struct BarChart: Sendable {
    package struct Bar: Sendable {
        package let series: String
        package let value: Double

        package init(_ series: String, _ value: Double) {
            self.series = series
            self.value = value
        }
    }

    package struct Group: Sendable {
        package let label: String
        package let bars: [Bar]

        package init(_ label: String, _ bars: [Bar]) {
            self.label = label
            self.bars = bars
        }
    }

    private static let width = 860.0
    private static let thickness = 19.0
    private static let gap = 3.0
    private static let groupGap = 15.0

    let title: String
    let subtitle: String
    let axis: Axis
    let groups: [Group]
    /// A dashed line across all groups.
    let reference: (value: Double, label: String)?
    /// Whether the bars of a group lie end to end, which needs a linear axis and values above zero.
    let isStacked: Bool

    package init(
        title: String, subtitle: String, axis: Axis, groups: [Group],
        reference: (value: Double, label: String)? = nil, isStacked: Bool = false
    ) {
        self.title = title
        self.subtitle = subtitle
        // Lengths end to end add up on a linear axis only.
        self.axis = isStacked ? Axis(axis.title, unit: axis.unit, range: axis.range) : axis
        self.groups = groups
        self.reference = reference
        self.isStacked = isStacked
    }

    package var svg: String {
        var drawing = Drawing(width: Self.width)
        let top = Header(title: title, subtitle: subtitle, legend: series).draw(on: &drawing)
        let plot = plot(below: top)
        let scale = scale
        plot.drawHorizontal(axis, scale, on: &drawing)
        var y = plot.top + Self.groupGap / 2
        for group in groups {
            drawLabel(of: group, from: y, plot, on: &drawing)
            isStacked
                ? drawStack(group, from: y, plot, scale, on: &drawing)
                : drawBars(of: group, from: y, plot, scale, on: &drawing)
            y += height(of: group) + Self.groupGap
        }
        drawBase(plot, scale, on: &drawing)
        drawReference(plot, scale, on: &drawing)
        return drawing.svg(height: plot.bottom + (axis.heading.isEmpty ? 34 : 58), title: title, description: subtitle)
    }
}

// MARK: - Layout

extension BarChart {
    private var series: [String] { groups.flatMap { $0.bars.map(\.series) }.unique }

    private var scale: Scale {
        let ends = groups.flatMap { group in
            isStacked ? [group.lengths.reduce(0, +)] : group.bars.map(\.value)
        }
        // The shortest bar has a length on a logarithmic axis as well.
        let shortest = axis.isLogarithmic ? ends.filter { $0 > 0 }.min().map { [$0 / 2] } ?? [] : []
        return Scale(axis, values: ends + shortest + (reference.map { [$0.value] } ?? []), includesZero: true)
    }

    private func plot(below top: Double) -> Plot {
        let widest = groups.flatMap(labelLines).map(TextStyle.label.width).max() ?? 0
        let values = groups.flatMap { $0.bars.map(\.value) + [$0.lengths.reduce(0, +)] }
        let room = values.map { TextStyle.value.width(of: NumberText.value($0, axis)) }.max() ?? 0
        let top = top + (reference == nil ? 4 : 22)
        let content = groups.map { height(of: $0) + Self.groupGap }.reduce(0, +)
        return Plot(
            left: Header.margin + widest + 12, right: Self.width - Header.margin - room - 10, top: top,
            bottom: top + max(content, 40))
    }

    private func labelLines(of group: Group) -> [String] { TextStyle.label.lines(group.label, width: 230) }

    private func height(of group: Group) -> Double {
        let rows = isStacked ? 1 : Double(group.bars.count)
        let bars = rows * (Self.thickness + Self.gap) - Self.gap
        return max(bars, Double(labelLines(of: group).count) * TextStyle.label.lineHeight)
    }
}

extension BarChart.Group {
    /// What the bars add to a stack.
    var lengths: [Double] { bars.map { $0.value > 0 && $0.value <= 1e18 ? $0.value : 0 } }
}

// MARK: - Drawing

extension BarChart {
    private func drawLabel(of group: Group, from y: Double, _ plot: Plot, on drawing: inout Drawing) {
        let lines = labelLines(of: group)
        let style = TextStyle.label
        let first = y + height(of: group) / 2 - Double(lines.count - 1) * style.lineHeight / 2 + 4.5
        for (index, line) in lines.enumerated() {
            let y = first + Double(index) * style.lineHeight
            drawing.text(line, .init(x: plot.left - 12, y: y), style, anchor: .end)
        }
    }

    private func drawBars(of group: Group, from top: Double, _ plot: Plot, _ scale: Scale, on drawing: inout Drawing) {
        let base = plot.x(scale.isLogarithmic ? scale.range.lowerBound : 0, scale)
        var y = top
        for bar in group.bars {
            let end = scale.canDraw(bar.value) ? plot.x(bar.value, scale) : base
            drawing.rectangle(
                .init(x: min(base, end), y: y), width: abs(end - base), height: Self.thickness,
                fill: color(of: bar), corner: 2)
            let text = Drawing.Point(x: max(base, end) + 6, y: y + Self.thickness / 2 + 4.5)
            drawing.text(NumberText.value(bar.value, axis), text, .value)
            y += Self.thickness + Self.gap
        }
    }

    private func drawStack(_ group: Group, from y: Double, _ plot: Plot, _ scale: Scale, on drawing: inout Drawing) {
        var sum = 0.0
        for (bar, length) in zip(group.bars, group.lengths) {
            let (start, end) = (plot.x(sum, scale), plot.x(sum + length, scale))
            sum += length
            drawing.rectangle(
                .init(x: start, y: y), width: max(0, end - start - 1), height: Self.thickness, fill: color(of: bar))
            let text = NumberText.value(bar.value, axis)
            let style = TextStyle(size: TextStyle.value.size, color: Palette.text(on: color(of: bar)))
            guard style.width(of: text) + 8 < end - start else { continue }
            drawing.text(text, .init(x: (start + end) / 2, y: y + Self.thickness / 2 + 4.5), style, anchor: .middle)
        }
        let total = Drawing.Point(x: plot.x(sum, scale) + 6, y: y + Self.thickness / 2 + 4.5)
        drawing.text(NumberText.value(sum, axis), total, .value)
    }

    private func color(of bar: Bar) -> String { Palette.color(series.firstIndex(of: bar.series) ?? 0) }

    /// Where the bars begin.
    private func drawBase(_ plot: Plot, _ scale: Scale, on drawing: inout Drawing) {
        let x = plot.x(scale.isLogarithmic ? scale.range.lowerBound : 0, scale)
        drawing.line(.init(x: x, y: plot.top), .init(x: x, y: plot.bottom), color: Palette.axis)
    }

    private func drawReference(_ plot: Plot, _ scale: Scale, on drawing: inout Drawing) {
        guard let reference, scale.canDraw(reference.value) else { return }
        let x = plot.x(reference.value, scale)
        drawing.line(
            .init(x: x, y: plot.top - 4), .init(x: x, y: plot.bottom), color: Palette.ink, thickness: 1.5, dashes: "5 4"
        )
        let half = TextStyle.value.width(of: reference.label) / 2
        let center = min(max(x, Header.margin + half), Self.width - Header.margin - half)
        drawing.text(reference.label, .init(x: center, y: plot.top - 9), .value, anchor: .middle)
    }
}

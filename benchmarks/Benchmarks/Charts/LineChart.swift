/// Lines over a common axis, as an SVG image.
package struct LineChart: Sendable {
    package struct Series: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]

        /// - Parameter points: in the order in which the line joins them; those that cannot be drawn are left out.
        package init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    /// A vertical line for an event.
    package struct Mark: Sendable {
        package let x: Double
        package let label: String

        package init(x: Double, _ label: String) {
            self.x = x
            self.label = label
        }
    }

    private static let width = 860.0
    private static let plotHeight = 320.0
    private static let markRow = 17.0

    let title: String
    let subtitle: String
    let x: Axis
    let y: Axis
    let series: [Series]
    let marks: [Mark]

    /// - Parameter y: begins at zero, unless it is logarithmic or has a range of its own.
    package init(title: String, subtitle: String, x: Axis, y: Axis, series: [Series], marks: [Mark] = []) {
        self.title = title
        self.subtitle = subtitle
        self.x = x
        self.y = y
        self.series = series
        self.marks = marks
    }

    package var svg: String {
        var drawing = Drawing(width: Self.width)
        let header = Header(title: title, subtitle: subtitle, legend: series.map(\.name)).draw(on: &drawing)
        let (horizontal, vertical) = (horizontalScale, verticalScale)
        let rows = markRows(horizontal, vertical)
        let above = Double((rows.max() ?? -1) + 1) * Self.markRow
        let plot = plot(top: header + 30 + above, vertical)
        drawing.text(y.heading, .init(x: Header.margin, y: header + 13), .heading)
        plot.drawVertical(y, vertical, on: &drawing)
        plot.drawHorizontal(x, horizontal, on: &drawing)
        drawing.line(
            .init(x: plot.left, y: plot.bottom), .init(x: plot.right, y: plot.bottom), color: Palette.axis)
        drawMarks(rows, plot, horizontal, on: &drawing)
        for (index, line) in series.enumerated() { draw(line, index, plot, horizontal, vertical, on: &drawing) }
        return drawing.svg(height: plot.bottom + (x.heading.isEmpty ? 34 : 58), title: title, description: subtitle)
    }
}

// MARK: - Layout

extension LineChart {
    private var horizontalScale: Scale { Scale(x, values: series.flatMap { $0.points.map(\.x) } + marks.map(\.x)) }

    private var verticalScale: Scale {
        Scale(y, values: series.flatMap { $0.points.map(\.y) }, includesZero: true)
    }

    private func plot(top: Double, _ vertical: Scale) -> Plot {
        let widest = NumberText.ticks(vertical, y).map(TextStyle.tick.width).max() ?? 0
        return Plot(
            left: Header.margin + widest + 10, right: Self.width - Header.margin - 12, top: top,
            bottom: top + Self.plotHeight)
    }

    /// For each mark the lowest row above the plot in which its label meets no other.
    private func markRows(_ horizontal: Scale, _ vertical: Scale) -> [Int] {
        let plot = plot(top: 0, vertical)
        var taken: [[ClosedRange<Double>]] = []
        return marks.map { mark in
            guard horizontal.canDraw(mark.x) else { return 0 }
            let span = labelSpan(mark, plot.x(mark.x, horizontal))
            let row = taken.firstIndex { !$0.contains { $0.overlaps(span) } } ?? taken.count
            if row == taken.count { taken.append([]) }
            taken[row].append(span)
            return row
        }
    }

    /// From where to where a mark's label reaches: around its line, but within the image.
    private func labelSpan(_ mark: Mark, _ x: Double) -> ClosedRange<Double> {
        let width = TextStyle.value.width(of: mark.label) + 8
        let start = max(Header.margin, min(x - width / 2, Self.width - Header.margin - width))
        return start...start + width
    }
}

// MARK: - Drawing

extension LineChart {
    private func drawMarks(_ rows: [Int], _ plot: Plot, _ horizontal: Scale, on drawing: inout Drawing) {
        let places = zip(marks, rows).filter { horizontal.canDraw($0.0.x) }.map { mark, row in
            (mark, x: plot.x(mark.x, horizontal), y: plot.top - 6 - Double(row) * Self.markRow)
        }
        for (_, x, y) in places {
            let end = Drawing.Point(x: x, y: plot.bottom)
            drawing.line(.init(x: x, y: y + 3), end, color: Palette.axis, thickness: 1.2, dashes: "4 4")
        }
        // Labels hide the lines of their neighbours.
        for (mark, x, y) in places {
            let span = labelSpan(mark, x)
            let width = span.upperBound - span.lowerBound
            drawing.rectangle(.init(x: span.lowerBound, y: y - 12), width: width, height: 15, fill: Palette.paper)
            drawing.text(mark.label, .init(x: span.lowerBound + width / 2, y: y), .value, anchor: .middle)
        }
    }

    private func draw(
        _ line: Series, _ index: Int, _ plot: Plot, _ horizontal: Scale, _ vertical: Scale, on drawing: inout Drawing
    ) {
        let drawable = line.points.filter { horizontal.canDraw($0.x) && vertical.canDraw($0.y) }
        let points = drawable.map { Drawing.Point(x: plot.x($0.x, horizontal), y: plot.y($0.y, vertical)) }
        if points.count > 1 {
            drawing.polyline(points, color: Palette.color(index), dashes: Palette.dashes(index))
        }
        // Dots would hide the course of a line of many points.
        guard points.count <= 40 else { return }
        for point in points { drawing.dot(point, radius: 4, color: Palette.color(index)) }
    }
}

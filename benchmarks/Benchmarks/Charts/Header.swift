/// What stands above every chart: title, subtitle, and the legend if there is more than one series.
struct Header {
    static let margin = 24.0

    let title: String
    let subtitle: String
    /// The names of the series, in the order of their colours.
    let legend: [String]

    /// - Returns: how far down it reaches.
    func draw(on drawing: inout Drawing) -> Double {
        var y = Self.margin - 6
        for (text, style) in [(title, TextStyle.title), (subtitle, TextStyle.subtitle)] {
            for line in style.lines(text, width: drawing.width - 2 * Self.margin) {
                y += style.lineHeight
                drawing.text(line, .init(x: Self.margin, y: y), style)
            }
        }
        return legend.count > 1 ? drawLegend(on: &drawing, below: y + 12) : y + 8
    }

    private func drawLegend(on drawing: inout Drawing, below top: Double) -> Double {
        var at = Drawing.Point(x: Self.margin, y: top + 14)
        for (index, name) in legend.enumerated() {
            let width = 18 + TextStyle.label.width(of: name) + 22
            if at.x > Self.margin, at.x + width - 22 > drawing.width - Self.margin {
                at = .init(x: Self.margin, y: at.y + 21)
            }
            drawing.rectangle(
                .init(x: at.x, y: at.y - 10.5), width: 12, height: 12, fill: Palette.color(index), corner: 3)
            drawing.text(name, .init(x: at.x + 18, y: at.y), .label)
            at.x += width
        }
        return at.y + 10
    }
}

extension [String] {
    /// Each name once, in the order of first appearance.
    var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}

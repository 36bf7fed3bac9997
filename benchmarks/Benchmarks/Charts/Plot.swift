/// The rectangle in which the data lie. Lengths are in pixels.
struct Plot {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    func x(_ value: Double, _ scale: Scale) -> Double { left + scale.position(value) * (right - left) }
    func y(_ value: Double, _ scale: Scale) -> Double { bottom - scale.position(value) * (bottom - top) }

    /// Grid lines, ticks and title of the horizontal axis.
    func drawHorizontal(_ axis: Axis, _ scale: Scale, on drawing: inout Drawing) {
        let labels = NumberText.ticks(scale, axis)
        let every = spacing(of: labels)
        for (index, (tick, label)) in zip(scale.ticks, labels).enumerated() {
            let x = x(tick, scale)
            drawing.line(.init(x: x, y: top), .init(x: x, y: bottom + 5), color: Palette.grid)
            guard index % every == 0 else { continue }
            drawing.text(label, .init(x: x, y: bottom + 19), .tick, anchor: .middle)
        }
        drawing.text(axis.heading, .init(x: (left + right) / 2, y: bottom + 41), .heading, anchor: .middle)
    }

    /// Grid lines and ticks of the vertical axis; its title stands level above it.
    func drawVertical(_ axis: Axis, _ scale: Scale, on drawing: inout Drawing) {
        for (tick, label) in zip(scale.ticks, NumberText.ticks(scale, axis)) {
            let y = y(tick, scale)
            drawing.line(.init(x: left, y: y), .init(x: right, y: y), color: Palette.grid)
            drawing.text(label, .init(x: left - 8, y: y + 4), .tick, anchor: .end)
        }
    }

    /// Every how many ticks there is room for a label.
    private func spacing(of labels: [String]) -> Int {
        let widest = labels.map(TextStyle.tick.width).max() ?? 0
        let room = (right - left) / Double(max(1, labels.count - 1))
        return max(1, Int(((widest + 14) / room).rounded(.up)))
    }
}

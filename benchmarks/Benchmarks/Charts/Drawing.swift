import Foundation

/// An SVG image in the making. Lengths are in pixels, from the upper left corner.
struct Drawing {
    struct Point {
        var x: Double
        var y: Double
    }

    enum Anchor: String {
        case start
        case middle
        case end
    }

    let width: Double
    private var elements: [String] = []

    init(width: Double) {
        self.width = width
    }

    mutating func rectangle(_ from: Point, width: Double, height: Double, fill: String, corner: Double = 0) {
        add(
            "rect",
            ["x": n(from.x), "y": n(from.y), "width": n(width), "height": n(height), "rx": n(corner), "fill": fill])
    }

    mutating func line(_ from: Point, _ to: Point, color: String, thickness: Double = 1, dashes: String? = nil) {
        var attributes = ["x1": n(from.x), "y1": n(from.y), "x2": n(to.x), "y2": n(to.y), "stroke": color]
        attributes["stroke-width"] = n(thickness)
        attributes["stroke-dasharray"] = dashes
        add("line", attributes)
    }

    mutating func polyline(_ points: [Point], color: String, dashes: String? = nil) {
        var attributes = ["points": points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")]
        attributes["fill"] = "none"
        attributes["stroke"] = color
        attributes["stroke-width"] = "2.5"
        attributes["stroke-linejoin"] = "round"
        attributes["stroke-linecap"] = "round"
        attributes["stroke-dasharray"] = dashes
        add("polyline", attributes)
    }

    mutating func dot(_ center: Point, radius: Double, color: String) {
        add(
            "circle",
            [
                "cx": n(center.x), "cy": n(center.y), "r": n(radius), "fill": color, "stroke": Palette.paper,
                "stroke-width": "1",
            ])
    }

    /// - Parameter at: on the base line.
    mutating func text(_ text: String, _ at: Point, _ style: TextStyle, anchor: Anchor = .start) {
        guard !text.isEmpty else { return }
        let attributes = [
            "x": n(at.x), "y": n(at.y), "font-size": n(style.size), "fill": style.color,
            "font-weight": style.isBold ? "600" : "400", "text-anchor": anchor.rawValue,
        ]
        add("text", attributes, content: text)
    }

    /// The whole image on a background of its own, so that it can be read in a dark viewer.
    func svg(height: Double, title: String, description: String) -> String {
        let font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"
        let head = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" width="\(n(width))" \
            height="\(n(height))" role="img" font-family="\(font)">
            <title>\(XMLText.escaped(title))</title>
            <desc>\(XMLText.escaped(description))</desc>
            <rect x="0.5" y="0.5" width="\(n(width - 1))" height="\(n(height - 1))" rx="8" fill="\(Palette.paper)" \
            stroke="\(Palette.grid)"/>
            """
        return ([head] + elements + ["</svg>", ""]).joined(separator: "\n")
    }

    private mutating func add(_ name: String, _ attributes: [String: String], content: String? = nil) {
        let list = attributes.sorted { $0.key < $1.key }
            .map { " \($0.key)=\"\(XMLText.escaped($0.value))\"" }.joined()
        let end = content.map { ">\(XMLText.escaped($0))</\(name)>" } ?? "/>"
        elements.append("<\(name)\(list)\(end)")
    }

    /// A length with one decimal at most.
    private func n(_ value: Double) -> String {
        let text = String(format: "%.1f", value == 0 ? 0 : value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

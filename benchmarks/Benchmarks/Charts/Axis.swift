/// What an axis shows: its title, its unit, and how values lie on it.
package struct Axis: Sendable {
    package let title: String
    /// Such as `%` or `MiB/s`; empty for plain numbers. A short unit stands at every value, a long one behind the title.
    package let unit: String
    package let isLogarithmic: Bool
    /// The values at both ends; nil to have them follow the data. A range that cannot be drawn counts as nil.
    package let range: ClosedRange<Double>?

    package init(
        _ title: String, unit: String = "", isLogarithmic: Bool = false, range: ClosedRange<Double>? = nil
    ) {
        self.title = title
        self.unit = unit
        self.isLogarithmic = isLogarithmic
        self.range = range
    }

    /// The unit that stands at a value, with the space before it.
    var valueSuffix: String { hasShortUnit ? "\u{A0}\(unit)" : "" }

    /// The title, with a unit that is too long to stand at every value.
    var heading: String {
        let addition = unit.isEmpty || hasShortUnit ? "" : unit
        return addition.isEmpty ? title : title.isEmpty ? addition : "\(title) (\(addition))"
    }

    private var hasShortUnit: Bool { !unit.isEmpty && unit.count <= 3 }
}

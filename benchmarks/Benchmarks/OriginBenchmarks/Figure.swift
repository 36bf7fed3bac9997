import Foundation

/// One result, with its goal if it has one.
struct Figure: Encodable {
    let name: String
    let value: Double
    let unit: String
    var goal: String?
    var holds: Bool?

    init(_ name: String, _ value: Double, _ unit: String) {
        (self.name, self.value, self.unit) = (name, value, unit)
    }

    init(_ name: String, ratio: Double, atLeast goal: Double) {
        self.init(name, ratio, "×")
        (self.goal, holds) = ("≥ \(goal)", ratio >= goal)
    }

    init(_ name: String, ratio: Double, atMost goal: Double) {
        self.init(name, ratio, "×")
        (self.goal, holds) = ("≤ \(goal)", ratio <= goal)
    }

    var line: String {
        let number = String(format: "%.3f", value)
        guard let goal, let holds else { return "\(name): \(number) \(unit)" }
        return "\(name): \(number) \(unit), goal \(goal): \(holds ? "holds" : "MISSED")"
    }
}

/// A benchmark's answer is wrong, so that its speed means nothing.
struct WrongBytes: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }
}

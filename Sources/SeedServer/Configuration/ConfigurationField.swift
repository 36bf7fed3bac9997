import Yams

/// One value of the file on its way to a type: the YAML node, and how to speak of it to a person.
struct ConfigurationField {
    let path: String
    let node: Node

    /// The line the value stands on, counted from 1.
    var line: Int? { node.mark?.line }

    /// The text of a scalar; nil for a list or a mapping.
    var text: String? { node.scalar?.string }

    /// `key:` with nothing behind it, or `null`: the key keeps its default.
    var isNull: Bool { node.scalar != nil && node.null != nil }

    func problem(allowed: String, isSecret: Bool = false) -> ConfigurationProblem {
        ConfigurationProblem(
            path: path, value: isSecret ? "a value that is not shown" : shown, line: line, allowed: allowed)
    }

    /// What the person wrote, cut where it gets long.
    private var shown: String {
        switch node {
        case .scalar(let scalar):
            scalar.string.isEmpty ? "an empty text" : String(scalar.string.prefix(80))
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

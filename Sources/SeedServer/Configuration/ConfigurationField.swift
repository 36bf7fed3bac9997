/// One value of the file being converted to a type: the YAML node, and its name in messages.
struct ConfigurationField {
    let path: String
    let node: YAMLNode
    /// Where its key is written; nil for what has none, such as an element of a list.
    var key: YAMLPlace?

    /// The text of a scalar; nil for a list or a mapping.
    var text: String? { node.text }

    /// `key:` with nothing behind it, or `null`: the key keeps its default.
    var isNull: Bool { node.isNull }

    func problem(allowed: String, reason: String? = nil, isSecret: Bool = false) -> ConfigurationProblem {
        ConfigurationProblem(
            path: path, value: isSecret ? "a value that is not shown" : shown, place: node.place, reason: reason,
            allowed: allowed)
    }

    /// The value as written, truncated.
    private var shown: String {
        switch node.content {
        case .scalar(let text, _): text.isEmpty ? "an empty text" : String(text.prefix(80))
        case .mapping: "a mapping"
        case .sequence: "a list"
        }
    }
}

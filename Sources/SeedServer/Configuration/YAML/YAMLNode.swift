/// A YAML value with its position. Aliases are replaced by what they name, and merge keys by the entries that they
/// bring.
struct YAMLNode: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        /// - isPlain: written without quotes, so that `null` means null.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the text; keys that are scalars differ from each other.
        case mapping([Entry])
    }

    struct Entry: Sendable, Equatable {
        let key: YAMLNode
        let value: YAMLNode
    }

    let content: Content
    let place: YAMLPlace
    /// Values in it, itself and what its aliases stand for among them.
    let size: Int
    /// Values one inside the other, itself the first.
    let depth: Int

    init(_ content: Content, at place: YAMLPlace) {
        self.content = content
        self.place = place
        let inner = content.inner
        size = inner.reduce(1) { $0 + $1.size }
        depth = 1 + (inner.map(\.depth).max() ?? 0)
    }

    /// The text of a scalar; nil for a list or a mapping.
    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    var sequence: [YAMLNode]? {
        if case .sequence(let nodes) = content { nodes } else { nil }
    }

    var mapping: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// Nothing, `~` or `null`, without quotes.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

extension YAMLNode.Content {
    fileprivate var inner: [YAMLNode] {
        switch self {
        case .scalar: []
        case .sequence(let nodes): nodes
        case .mapping(let entries): entries.flatMap { [$0.key, $0.value] }
        }
    }
}

/// The entries of a mapping as they come: no key twice, and merge keys (`<<`) replaced by what they bring.
struct YAMLMapping {
    private var own: [YAMLNode.Entry] = []
    private var merged: [YAMLNode.Entry] = []
    private var places: [String: YAMLPlace] = [:]
    private var hasMerged = false

    /// The mapping's own entries, then those of merged mappings whose keys it doesn't have itself. Of two mappings merged
    /// the first one counts.
    var entries: [YAMLNode.Entry] {
        var known = Set(places.keys)
        return own + merged.filter { entry in entry.key.text.map { known.insert($0).inserted } ?? true }
    }

    mutating func add(_ key: YAMLNode, _ value: YAMLNode) throws(YAMLProblem) {
        if case .scalar("<<", isPlain: true) = key.content { return try merge(key, value) }
        if let name = key.text {
            if let first = places[name] { throw Self.duplicate(name, first, at: key.place) }
            places[name] = key.place
        }
        own.append(YAMLNode.Entry(key: key, value: value))
    }

    private mutating func merge(_ key: YAMLNode, _ value: YAMLNode) throws(YAMLProblem) {
        guard !hasMerged else { throw YAMLProblem("the same key twice: <<; merge a list of mappings", at: key.place) }
        hasMerged = true
        for mapping in value.sequence ?? [value] {
            guard let entries = mapping.mapping else {
                throw YAMLProblem("<< takes a mapping or a list of mappings", at: mapping.place)
            }
            merged += entries
        }
    }

    private static func duplicate(_ name: String, _ first: YAMLPlace, at place: YAMLPlace) -> YAMLProblem {
        YAMLProblem("the same key twice: \(name), first on \(first)", at: place)
    }
}

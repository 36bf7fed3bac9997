import SeedSupport

extension ConfigurationKey {
    /// Every known key: the used ones, then Dragonfly's others.
    package static let table: [ConfigurationKey] = used + ignored

    static let named = Dictionary(uniqueKeysWithValues: table.map { ($0.path, $0) })

    /// The paths above the keys, the file itself ("") among them.
    static let sections: Set<String> = table.reduce(into: [""]) { sections, key in
        var path = Substring(key.path)
        while let dot = path.lastIndex(of: ".") {
            path = path[..<dot]
            sections.insert(String(path))
        }
    }

    /// The known key or section that was probably meant by `path`; nil when none is near.
    static func nearest(to path: String) -> String? {
        let names = table.map(\.path) + sections.sorted()
        return Spelling.nearest(to: path, in: names, limit: max(2, path.utf8.count / 8))
    }
}

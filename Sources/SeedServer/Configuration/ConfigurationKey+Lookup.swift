extension ConfigurationKey {
    /// Every key we know: those we use, then Dragonfly's others.
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

    /// The known key or section that somebody who wrote `path` probably meant; nil when none is near.
    static func nearest(to path: String) -> String? {
        let written = Array(path.lowercased().utf8)
        let limit = max(2, written.count / 8)
        return (table.map(\.path) + sections.sorted())
            .map { (name: $0, distance: editDistance(written, Array($0.lowercased().utf8))) }
            .filter { $0.distance <= limit }
            .min { $0.distance < $1.distance }?.name
    }

    /// Levenshtein's: the fewest letters to insert, delete or replace.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[right.count]
    }
}

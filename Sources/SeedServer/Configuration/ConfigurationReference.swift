/// Generates the two files of `config/` from the table of keys, so that they match the code.
package enum ConfigurationReference {
    /// `config/seed-peer.yaml`: each key we use, with its default and one line of comment.
    package static var yaml: String {
        var lines = ["# Every key of a seed peer with its default. The names are Dragonfly's; see README.md here."]
        var open: [String] = []
        for key in ConfigurationKey.used where !key.isAlias {
            let parts = key.path.split(separator: ".").map(String.init)
            let shared = zip(open, parts.dropLast()).prefix { $0 == $1 }.count
            if shared == 0 { lines.append("") }
            for depth in shared..<(parts.count - 1) { lines.append("\(indent(depth))\(parts[depth]):") }
            open = parts.dropLast()
            lines.append("\(indent(open.count))# \(key.note)")
            lines.append("\(indent(open.count))\(parts.last ?? ""):\(key.standard.isEmpty ? "" : " \(key.standard)")")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `config/README.md`: every key of Dragonfly and of ours, and what becomes of it.
    package static var markdown: String {
        let head = """
            # Configuration keys

            One file in YAML, with Dragonfly's key names. A key that is missing keeps its default. A key that nobody
            knows is ignored with a warning. A value that is not allowed stops the start with exit code 2, and one line
            for each such value says where it is, by line and column, and what is allowed. Sizes: `MB` is 10^6 bytes,
            `MiB` is 2^20. Durations: `10s`, `1h30m`. Anchors, aliases and merge keys (`<<`) may be used. A file longer
            than 4 MiB, a key that stands twice and an unknown tag are refused.

            *kept*: as in Dragonfly. *other default*: the meaning is Dragonfly's, the default is not. *mapped*: another
            name or another meaning. *own*: not a key of Dragonfly. *ignored*: accepted and not used.

            """
        return head + table(["Key", "Treatment", "Default", "Meaning", "Allowed"], ConfigurationKey.used.map(usedRow))
            + "\n## Ignored\n\nAn ignored key is mentioned in the log at level debug, or, in bold here, at level warning.\n"
            + table(["Key", "Why"], ConfigurationKey.ignored.map(ignoredRow))
    }

    private static func usedRow(_ key: ConfigurationKey) -> [String] {
        [
            "`\(key.path)`", key.treatment.rawValue, key.standard.isEmpty ? "" : "`\(key.standard)`", key.note,
            key.allowed,
        ]
    }

    private static func ignoredRow(_ key: ConfigurationKey) -> [String] {
        [key.isLoud ? "**`\(key.path)`**" : "`\(key.path)`", key.note]
    }

    private static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let lines = [heads, heads.map { _ in "---" }] + rows
        return "\n" + lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}

extension ConfigurationKey {
    /// A second name of a key that is in the table under its own.
    fileprivate var isAlias: Bool { path.hasPrefix("stats.") || path.hasPrefix("gc.policy.dist") }
}

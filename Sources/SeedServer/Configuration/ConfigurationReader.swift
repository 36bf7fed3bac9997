import Yams

/// Reads a configuration file, collecting all its problems and what its author should know.
struct ConfigurationReader {
    private(set) var configuration: SeedPeerConfiguration
    private(set) var notices: [ConfigurationNotice] = []
    private(set) var problems: [ConfigurationProblem] = []

    init(defaults: SeedPeerConfiguration) {
        configuration = defaults
    }

    mutating func read(_ yaml: String) throws(ConfigurationError) {
        guard let root = try Self.compose(yaml) else { return }
        visit(ConfigurationField(path: "", node: root))
        problems += configuration.conflicts
        guard problems.isEmpty else { throw .refused(problems) }
    }

    private mutating func visit(_ field: ConfigurationField) {
        if let key = ConfigurationKey.named[field.path] {
            use(key, field)
        } else if ConfigurationKey.sections.contains(field.path) {
            descend(field)
        } else {
            warnOfUnknown(field)
        }
    }

    private mutating func descend(_ field: ConfigurationField) {
        if field.isNull { return }
        guard let entries = field.node.mapping else {
            let path = field.path.isEmpty ? "the file" : field.path
            let inner = ConfigurationField(path: path, node: field.node)
            return problems.append(inner.problem(allowed: "a mapping of keys to values"))
        }
        for (key, node) in entries {
            let name = key.string ?? "?"
            visit(ConfigurationField(path: field.path.isEmpty ? name : "\(field.path).\(name)", node: node))
        }
    }

    private mutating func use(_ key: ConfigurationKey, _ field: ConfigurationField) {
        guard let set = key.set else {
            return note(key.isLoud ? .warning : .debug, "\(key.path) is ignored\(field.place): \(key.note)")
        }
        if field.isNull { return }
        do {
            try set(field, &configuration)
        } catch {
            problems.append(error)
        }
    }

    /// Dragonfly ignores keys it doesn't know; so do we, but we say so, because most of them are typing errors.
    private mutating func warnOfUnknown(_ field: ConfigurationField) {
        let guess = ConfigurationKey.nearest(to: field.path).map { "; did you mean \($0)?" } ?? ""
        note(.warning, "\(field.path) is not a known key and is ignored\(field.place)\(guess)")
    }

    private mutating func note(_ weight: ConfigurationNotice.Weight, _ text: String) {
        notices.append(ConfigurationNotice(weight: weight, text: text))
    }

    private static func compose(_ yaml: String) throws(ConfigurationError) -> Node? {
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw error.asConfigurationError
        } catch {
            throw .notYAML(reason: "\(error)", line: nil)
        }
    }
}

extension ConfigurationField {
    fileprivate var place: String { line.map { " (line \($0))" } ?? "" }
}

extension SeedPeerConfiguration {
    /// Values that are allowed each, but not together.
    fileprivate var conflicts: [ConfigurationProblem] {
        let (high, low) = (gc.policy.diskHighThresholdPercent, gc.policy.diskLowThresholdPercent)
        guard low >= high else { return [] }
        return [
            ConfigurationProblem(
                path: "gc.policy.diskLowThresholdPercent", value: "\(low)",
                allowed: "less than diskHighThresholdPercent, which is \(high)")
        ]
    }
}

extension YamlError {
    fileprivate var asConfigurationError: ConfigurationError {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .notYAML(reason: problem, line: mark.line)
        case .duplicatedKeysInMapping(let keys, let context):
            .notYAML(reason: "the same key twice: \(keys.joined(separator: ", "))", line: context.mark.line)
        default:
            .notYAML(reason: description, line: nil)
        }
    }
}

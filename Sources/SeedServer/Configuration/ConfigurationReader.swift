import SeedProxy
import SeedStorage

/// Reads a configuration file and collects all errors and warnings.
struct ConfigurationReader {
    private(set) var configuration: SeedPeerConfiguration
    private(set) var notices: [ConfigurationNotice] = []
    private(set) var problems: [ConfigurationProblem] = []

    init(defaults: SeedPeerConfiguration) {
        configuration = defaults
    }

    mutating func read(_ yaml: String) throws(ConfigurationError) {
        guard let root = try YAMLText.compose(yaml, .configuration) else { return }
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
        for entry in entries {
            let name = entry.key.text ?? "?"
            let path = field.path.isEmpty ? name : "\(field.path).\(name)"
            visit(ConfigurationField(path: path, node: entry.value, key: entry.key.place))
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

    /// Dragonfly ignores unknown keys; so do we, but with a warning, because most of them are typing errors.
    private mutating func warnOfUnknown(_ field: ConfigurationField) {
        let guess = ConfigurationKey.nearest(to: field.path).map { "; did you mean \($0)?" } ?? ""
        note(.warning, "\(field.path) is not a known key and is ignored\(field.place)\(guess)")
    }

    private mutating func note(_ weight: ConfigurationNotice.Weight, _ text: String) {
        notices.append(ConfigurationNotice(weight: weight, text: text))
    }
}

extension ConfigurationField {
    /// Where the person finds the key.
    fileprivate var place: String { " (\(key ?? node.place))" }
}

extension SeedPeerConfiguration {
    /// Values that are allowed each, but not together.
    fileprivate var conflicts: [ConfigurationProblem] {
        var conflicts: [ConfigurationProblem] = []
        let (high, low) = (storage.limits.highPercent, storage.limits.lowPercent)
        if low >= high {
            conflicts.append(
                ConfigurationProblem(
                    path: "gc.policy.diskLowThresholdPercent", value: "\(low)",
                    allowed: "less than diskHighThresholdPercent, which is \(high)"))
        }
        if proxy.basicAuth.username.isEmpty != proxy.basicAuth.password.isEmpty {
            conflicts.append(
                ConfigurationProblem(
                    path: "proxy.server.basicAuth", value: "a username or a password alone",
                    allowed: "both username and password, or none"))
        }
        return conflicts
    }
}

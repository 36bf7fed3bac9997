import SeedProxy

/// The file of `proxy.blockList`, in the form of Dragonfly's local dynamic configuration:
///
///     seed_client_config:
///       block_list:
///         task:
///           download: {urls: [], applications: [], tags: [], priorities: []}
struct BlockListFile: Sendable {
    let path: String
    /// The list as last read without an error.
    let list: BlockList

    /// - Throws: `ConfigurationError`, in words for the person who wrote the file.
    init(path: String) throws(ConfigurationError) {
        self.path = path
        list = try Self.read(path)
    }

    static func read(_ path: String) throws(ConfigurationError) -> BlockList {
        try parse(YAMLText.read(path, .blockList))
    }

    /// An empty file is an empty list. Unknown keys are refused: a misspelt list would block nothing.
    static func parse(_ yaml: String) throws(ConfigurationError) -> BlockList {
        guard let root = try YAMLText.compose(yaml, .blockList) else { return BlockList() }
        var field = ConfigurationField(path: "block list", node: root)
        if field.isNull { return BlockList() }
        do throws(ConfigurationProblem) {
            for name in ["seed_client_config", "block_list", "task", "download"] { field = try field.only(name) }
            return try BlockList(field)
        } catch {
            throw .refused([error])
        }
    }
}

extension ConfigurationField {
    /// The one entry of a mapping.
    fileprivate func only(_ name: String) throws(ConfigurationProblem) -> ConfigurationField {
        guard let entries = node.mapping, entries.count == 1, entries[0].key.text == name else {
            throw problem(allowed: "a mapping with \(name) alone")
        }
        return ConfigurationField(path: "\(path).\(name)", node: entries[0].value)
    }
}

extension BlockList {
    fileprivate init(_ field: ConfigurationField) throws(ConfigurationProblem) {
        self.init()
        if field.isNull { return }
        let allowed = "a mapping of urls, applications, tags, priorities"
        guard let entries = field.node.mapping else { throw field.problem(allowed: allowed) }
        for entry in entries {
            let name = entry.key.text ?? ""
            let inner = ConfigurationField(path: "\(field.path).\(name)", node: entry.value)
            if inner.isNull { continue }
            switch name {
            case "urls": urls = try ConfigurationKind.list(of: .regex).read(inner)
            case "applications": applications = Set(try ConfigurationKind.list(of: .text).read(inner))
            case "tags": tags = Set(try ConfigurationKind.list(of: .text).read(inner))
            case "priorities": priorities = Set(try ConfigurationKind.list(of: .whole(in: 0...6)).read(inner))
            default: throw ConfigurationField(path: field.path, node: entry.key).problem(allowed: allowed)
            }
        }
    }
}

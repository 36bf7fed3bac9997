import Foundation

extension SeedPeerConfiguration {
    /// A configuration and what its author should know about it.
    package struct Loaded: Sendable {
        package var configuration: SeedPeerConfiguration
        package var notices: [ConfigurationNotice]

        /// ``SeedPeerConfiguration/development``, of which there is nothing to say.
        package static var development: Loaded { Loaded(configuration: .development, notices: []) }
    }

    /// Reads YAML text; keys that are not there keep their defaults.
    package static func parse(_ yaml: String) throws(ConfigurationError) -> Loaded {
        var reader = ConfigurationReader(defaults: SeedPeerConfiguration())
        try reader.read(yaml)
        try reader.configuration.checkTogether()
        return Loaded(configuration: reader.configuration, notices: reader.notices)
    }

    /// What no key can judge alone.
    private func checkTogether() throws(ConfigurationError) {
        let auth = proxy.basicAuth
        guard (auth.username == nil) == (auth.password == nil) else {
            let problem = ConfigurationProblem(
                path: "proxy.server.basicAuth", value: "a username or a password alone",
                allowed: "both username and password, or none")
            throw .refused([problem])
        }
    }

    /// Reads a YAML file.
    package static func load(file: String) throws(ConfigurationError) -> Loaded {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file))
        } catch {
            throw .unreadable(file: file, reason: error.localizedDescription)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .unreadable(file: file, reason: "the text is not UTF-8")
        }
        return try parse(text)
    }
}

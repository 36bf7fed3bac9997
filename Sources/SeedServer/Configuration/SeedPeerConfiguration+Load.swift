extension SeedPeerConfiguration {
    /// A configuration and its warnings.
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
        return Loaded(configuration: reader.configuration, notices: reader.notices)
    }

    /// Reads a YAML file.
    package static func load(file: String) throws(ConfigurationError) -> Loaded {
        try parse(YAMLText.read(file, .configuration))
    }
}

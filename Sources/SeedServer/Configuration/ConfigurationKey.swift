/// One key of the configuration file, and what we do with it.
package struct ConfigurationKey: Sendable {
    /// How our treatment of a key compares with Dragonfly's.
    package enum Treatment: String, Sendable {
        /// Dragonfly's meaning and default.
        case kept
        /// Dragonfly's meaning, another default.
        case otherDefault = "other default"
        /// Another name or another meaning.
        case mapped
        /// Accepted and not used.
        case ignored
        /// Not a key of Dragonfly.
        case own
    }

    /// Dotted, such as `proxy.server.port`. Everything below an ignored key is ignored with it.
    package let path: String
    package let treatment: Treatment
    /// One line for people: what the key does, or why it is ignored.
    package let note: String
    /// What may be written; empty for ignored keys.
    package let allowed: String
    /// The default as the file would write it; empty where there is none.
    package let standard: String
    /// Whether ignoring this key logs a warning, because users may rely on it.
    package let isLoud: Bool
    /// Puts the value in its place; nil for ignored keys.
    let set: (@Sendable (ConfigurationField, inout SeedPeerConfiguration) throws(ConfigurationProblem) -> Void)?

    /// A key that we use.
    static func key<Value>(
        _ path: String, _ place: any WritableKeyPath<SeedPeerConfiguration, Value> & Sendable,
        _ kind: ConfigurationKind<Value>, _ note: String, _ treatment: Treatment = .kept
    ) -> Self {
        Self(
            path: path, treatment: treatment, note: note, allowed: kind.allowed,
            standard: kind.show(SeedPeerConfiguration()[keyPath: place]), isLoud: false,
            set: { field, configuration throws(ConfigurationProblem) in
                configuration[keyPath: place] = try kind.read(field)
            })
    }

    /// A key of Dragonfly that we accept and don't use.
    static func ignored(_ path: String, _ reason: String, loud: Bool = false) -> Self {
        Self(path: path, treatment: .ignored, note: reason, allowed: "", standard: "", isLoud: loud, set: nil)
    }
}

/// An invalid value in the configuration: where it is, what it is, and what is allowed.
package struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package var path: String
    package var value: String
    /// Nil for values that are valid one by one but not together.
    package var place: YAMLPlace?
    /// Details that `allowed` doesn't cover.
    package var reason: String?
    package var allowed: String

    package var description: String {
        let place = place.map { " (\($0))" } ?? ""
        let reason = reason.map { ": \($0)" } ?? ""
        return "\(path): \(value) is not allowed\(place)\(reason); allowed: \(allowed)"
    }
}

/// Why a configuration was refused. Prints one line for each reason, so that one run shows them all.
package enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file could not be opened or isn't UTF-8.
    case unreadable(Subject, file: String, reason: String)
    /// The text is not valid YAML, or too long.
    case notYAML(Subject, reason: String, place: YAMLPlace?)
    /// Invalid values, in the order of the file.
    case refused([ConfigurationProblem])

    /// Which file it is, for messages.
    package enum Subject: String, Sendable {
        case configuration
        case blockList = "block list"

        fileprivate var advice: String {
            switch self {
            case .configuration: "name another file with --config, or try --dev"
            case .blockList: "correct proxy.blockList, or leave it out"
            }
        }
    }

    package var description: String {
        switch self {
        case .unreadable(let subject, let file, let reason):
            "\(subject.rawValue) \(file): \(reason); \(subject.advice)"
        case .notYAML(let subject, let reason, let place):
            "\(subject.rawValue): not YAML" + (place.map { " (\($0))" } ?? "") + ": \(reason)"
        case .refused(let problems):
            problems.map(\.description).joined(separator: "\n")
        }
    }
}

/// A warning about a configuration.
package struct ConfigurationNotice: Sendable, Equatable {
    package enum Weight: Sendable, Equatable {
        case debug
        case warning
    }

    package var weight: Weight
    package var text: String
}

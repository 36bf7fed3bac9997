import Foundation
import Yams

/// Files that people write: read and taken apart, with errors that say which file is meant.
enum YAMLText {
    static func read(_ path: String, _ subject: ConfigurationError.Subject) throws(ConfigurationError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(subject, file: path, reason: error.localizedDescription)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .unreadable(subject, file: path, reason: "the text is not UTF-8")
        }
        return text
    }

    /// - Returns: nil for an empty text.
    static func compose(_ text: String, _ subject: ConfigurationError.Subject) throws(ConfigurationError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw error.problem(in: subject)
        } catch {
            throw .notYAML(subject, reason: "\(error)", line: nil)
        }
    }
}

extension YamlError {
    fileprivate func problem(in subject: ConfigurationError.Subject) -> ConfigurationError {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .notYAML(subject, reason: problem, line: mark.line)
        case .duplicatedKeysInMapping(let keys, let context):
            .notYAML(subject, reason: "the same key twice: \(keys.joined(separator: ", "))", line: context.mark.line)
        default:
            .notYAML(subject, reason: description, line: nil)
        }
    }
}

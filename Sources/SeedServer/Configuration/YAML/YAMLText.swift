import Glibc
import SeedSupport

/// Reads and parses YAML files, with errors that name the file.
enum YAMLText {
    private static let limits = YAMLLimits()

    static func read(_ path: String, _ subject: ConfigurationError.Subject) throws(ConfigurationError) -> String {
        let bytes: Bytes
        do {
            bytes = try System.readFile(path, limit: limits.bytes)
        } catch  where error == .tooLarge {
            let limit = ByteSize.show(Int64(limits.bytes))
            throw .unreadable(subject, file: path, reason: "the file is longer than \(limit)")
        } catch {
            throw .unreadable(subject, file: path, reason: "\(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let place = YAMLPlace(ofByte: bytes.validPrefix, in: bytes)
            throw .unreadable(subject, file: path, reason: "the text is not UTF-8 (\(place))")
        }
        return text
    }

    /// - Returns: nil for a text without a value.
    static func compose(_ text: String, _ subject: ConfigurationError.Subject) throws(ConfigurationError) -> YAMLNode? {
        do {
            return try YAMLComposer.compose(Bytes(text), limits: limits)
        } catch {
            throw .notYAML(subject, reason: error.reason, place: error.place)
        }
    }
}

extension Errno {
    fileprivate static let tooLarge = Errno(EFBIG)
}

extension Bytes {
    /// How many bytes from the front are UTF-8.
    fileprivate var validPrefix: Int {
        var decoder = UTF8.ForwardParser()
        var (bytes, valid) = (makeIterator(), 0)
        while case .valid(let scalar) = decoder.parseScalar(from: &bytes) { valid += scalar.count }
        return valid
    }
}

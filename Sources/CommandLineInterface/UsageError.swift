/// What is wrong with a command line, as a sentence for the person who wrote it.
package struct UsageError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// - Parameter nearest: what was probably meant.
    static func unknown(_ what: String, _ written: String, nearest: String?) -> UsageError {
        UsageError("Unknown \(what) '\(written)'" + (nearest.map { ". Did you mean '\($0)'?" } ?? ""))
    }

    static func unexpected(_ words: [String]) -> UsageError {
        let list = words.map { "'\($0)'" }.joined(separator: ", ")
        return UsageError(
            words.count == 1 ? "Unexpected argument \(list)" : "\(words.count) unexpected arguments: \(list)")
    }
}

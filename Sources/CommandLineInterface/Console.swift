import Glibc
import SeedSupport

/// Where a command writes its output and its messages.
package struct Console: Sendable {
    package enum Stream: Sendable, Hashable {
        case output
        case errors
    }

    private let write: @Sendable (Stream, String) throws(OutputError) -> Void

    package init(_ write: @escaping @Sendable (Stream, String) throws(OutputError) -> Void) {
        self.write = write
    }

    /// Writes to the output.
    package func print(_ text: String, terminator: String = "\n") throws(OutputError) {
        try write(.output, text + terminator)
    }

    /// Writes a message. If that fails, there is nowhere left to report it.
    package func report(_ text: String, terminator: String = "\n") {
        try? write(.errors, text + terminator)
    }

    /// The process's own standard output and standard error.
    package static let standard = Console { stream, text throws(OutputError) in
        do {
            try System.writeAll(stream == .output ? STDOUT_FILENO : STDERR_FILENO, text)
        } catch {
            throw OutputError(reason: "\(error)")
        }
    }
}

/// The output could not be written.
package struct OutputError: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: String

    package init(reason: String) {
        self.reason = reason
    }

    package var description: String { "the output cannot be written: \(reason)" }
}

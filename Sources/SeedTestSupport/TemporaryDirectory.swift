import Foundation

/// A directory of its own for a test, deleted when the object goes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        var template =
            Array(FileManager.default.temporaryDirectory.path.utf8CString.dropLast())
            + Array("/seed-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        path = template.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of something inside.
    package func path(_ name: String) -> String { "\(path)/\(name)" }
}

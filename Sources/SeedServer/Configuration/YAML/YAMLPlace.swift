/// A place in a text, as editors count: lines and the characters of a line from 1.
package struct YAMLPlace: Hashable, Sendable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    package var description: String { "line \(line), column \(column)" }
}

extension YAMLPlace {
    static let start = YAMLPlace(line: 1, column: 1)

    /// Where the byte at `offset` stands in UTF-8 text that is valid up to there.
    init(ofByte offset: Int, in text: some Collection<UInt8>) {
        self = .start
        for byte in text.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                self = YAMLPlace(line: line + 1, column: 1)
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
    }
}

/// Why a text cannot be read as YAML.
struct YAMLProblem: Error, Sendable, Equatable {
    let reason: String
    /// Nil when there is no one place, as with memory that is lacking.
    let place: YAMLPlace?

    init(_ reason: String, at place: YAMLPlace?) {
        self.reason = reason
        self.place = place
    }
}

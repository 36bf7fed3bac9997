package import HTTPTypes

/// Status line and headers of a final answer.
package struct OriginHead: Hashable, Sendable {
    package var status: Int
    /// As on the status line: "1.0", "1.1", "2".
    package var httpVersion: String
    /// In the order they came, repeated fields kept apart.
    package var headers: HTTPFields
    /// The URL that answered, after redirects.
    package var url: String

    package init(status: Int, httpVersion: String = "1.1", headers: HTTPFields = [:], url: String = "") {
        self.status = status
        self.httpVersion = httpVersion
        self.headers = headers
        self.url = url
    }

    /// The first field of this name; names compare without case.
    package subscript(first name: HTTPField.Name) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// The declared length of this body in bytes; nil if absent, if not one plain number, or if the body is chunked.
    package var contentLength: Int64? {
        guard !isChunked else { return nil }
        let values = headers[values: .contentLength]
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return Int64(digits: first)
    }

    /// Whether the body ends with a last chunk.
    package var isChunked: Bool {
        headers[values: .transferEncoding].contains { $0.lowercased().contains("chunked") }
    }

    /// The parsed `Content-Range`; nil if absent, repeated, in another unit or malformed.
    package var contentRange: ContentRange? {
        let values = headers[values: .contentRange]
        return values.count == 1 ? ContentRange(parsing: values[0]) : nil
    }
}

extension Int64 {
    /// A number of ASCII digits only, as HTTP writes lengths and positions: no sign, no space.
    init?(digits: some StringProtocol) {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        self.init(digits)
    }
}

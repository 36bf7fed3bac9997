package import HTTPSemantics

/// Status line and fields of a response, interim or final.
package struct TransferHead: Hashable, Sendable {
    package var status: Int
    /// As on the status line: "1.0", "1.1", "2".
    package var httpVersion: String
    /// In the order they came, repeated fields kept apart, values octet for octet.
    package var fields: HTTPFields

    package init(status: Int, httpVersion: String = "1.1", fields: HTTPFields = [:]) {
        self.status = status
        self.httpVersion = httpVersion
        self.fields = fields
    }

    /// 2xx.
    package var isSuccess: Bool { (200...299).contains(status) }

    /// Whether the body ends with a last chunk.
    package var isChunked: Bool { fields.isChunked }

    /// The declared length of this body in bytes; nil if absent, if not one plain number, or if the body is chunked.
    package var contentLength: Int64? { isChunked ? nil : fields.contentLength }
}

extension HTTPFields {
    /// Whether a body with these fields ends with a last chunk.
    package var isChunked: Bool {
        contains(.transferEncoding) && self[contents: .transferEncoding].contains { $0.holds("chunked") }
    }
}

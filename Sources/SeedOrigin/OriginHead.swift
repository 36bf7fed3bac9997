package import HTTPSemantics
import HTTPTransfers

/// Status line and headers of a final response.
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

    init(_ head: TransferHead, url: String) {
        self.init(status: head.status, httpVersion: head.httpVersion, headers: head.fields, url: url)
    }

    /// The declared length of this body in bytes; nil if absent, if not one plain number, or if the body is chunked.
    package var contentLength: Int64? { isChunked ? nil : headers.contentLength }

    /// Whether the body ends with a last chunk.
    package var isChunked: Bool { headers.isChunked }

    /// The parsed `Content-Range`; nil if absent, repeated, in another unit or malformed.
    package var contentRange: ContentRange? { headers.contentRange }
}

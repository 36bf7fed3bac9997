public import HTTPSemantics
import HTTPTransfers

/// The head of a successful response.
public struct ResponseHead: Hashable, Sendable {
    /// 200 to 299; 206 for a range.
    public var status: Int
    /// All fields of the response, those of the origin and those of the seed peer.
    public var headers: HTTPFields
    /// Where it came from: `http://host:port` of the seed peer, or the word `origin` after a fallback.
    public var endpoint: String

    /// For tests of response handling; clients make their own.
    public init(status: Int, headers: HTTPFields, endpoint: String) {
        self.status = status
        self.headers = headers
        self.endpoint = endpoint
    }

    /// Bytes of body to come; nil when the response doesn't say.
    public var contentLength: Int64? {
        headers.isChunked ? nil : headers.contentLength
    }

    /// Which bytes of how long an object these are; nil unless the response is one range.
    public var contentRange: ContentRange? {
        status == 206 ? headers[.contentRange].flatMap { ContentRange($0) } : nil
    }

    /// How long the body is by all that the head says: a range tells it too.
    var bodyLength: Int64? {
        contentRange.map { Int64($0.range.count) } ?? contentLength
    }

    /// The strong entity tag that names the version; an empty one names none.
    var strongETag: HTTPField.Value? {
        headers.entityTag.flatMap { $0.isWeak || $0.opaque.isEmpty ? nil : $0.value }
    }

    /// What the cache did; nil when the seed peer doesn't say.
    public var cacheStatus: CacheStatus? {
        HTTPSemantics.CacheStatus.list(headers)?.last.flatMap { CacheStatus($0) }
    }

    /// The id under which the seed peer keeps the object.
    public var taskID: String? { headers[.dragonflyTaskID] }

    /// The seed peer's own address, as it reports it.
    public var serverIP: String? { headers[.dragonflyServerIP] }

    /// Whether the seed peer held the whole object before.
    public var isTaskDownloadFinished: Bool { headers[.dragonflyDownloadFinished] == "true" }
}

/// The value of a `Content-Range` field with a range in it (RFC 9110 §14.4).
public struct ContentRange: Hashable, Sendable {
    /// The bytes of the object that the body holds, counted from 0.
    public var range: Range<Int64>
    /// The length of the whole object; nil when the origin doesn't know it.
    public var completeLength: Int64?

    init?(_ header: String) {
        guard case .part(let range, let total) = HTTPSemantics.ContentRange(parsing: header) else { return nil }
        self.range = range.lowerBound..<range.upperBound
        completeLength = total
    }
}

public import HTTPTypes

/// The head of a successful answer.
public struct ResponseHead: Hashable, Sendable {
    /// 200 to 299; 206 for a range.
    public var status: Int
    /// All fields of the answer, those of the origin and those of the seed peer.
    public var headers: HTTPFields
    /// Who answered: `http://host:port` of the seed peer, or the word `origin` after a fallback.
    public var endpoint: String

    /// For tests of what is done with answers; clients make their own.
    public init(status: Int, headers: HTTPFields, endpoint: String) {
        self.status = status
        self.headers = headers
        self.endpoint = endpoint
    }

    /// Bytes of body to come; nil when the answer doesn't say.
    public var contentLength: Int64? {
        headers[.contentLength].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Which bytes of how long an object these are; nil unless the answer is one range.
    public var contentRange: ContentRange? {
        status == 206 ? headers[.contentRange].flatMap { ContentRange($0) } : nil
    }

    /// How long the body is by all that the head says: a range tells it too.
    var bodyLength: Int64? {
        contentRange.map { Int64($0.range.count) } ?? contentLength
    }

    /// The entity tag if it is a strong one: only that names a version byte for byte (RFC 9110 §8.8.3). An empty one
    /// names none.
    var strongETag: String? {
        headers[.eTag].flatMap { $0.utf8.first == UInt8(ascii: "\"") && $0.utf8.count > 2 ? $0 : nil }
    }

    /// What the cache did; nil when the seed peer doesn't say.
    public var cacheStatus: CacheStatus? {
        headers[.cacheStatus].flatMap { CacheStatus(header: $0) }
    }

    /// The id under which the seed peer keeps the object.
    public var taskID: String? { headers[.dragonflyTaskID] }

    /// The address the seed peer gives itself.
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
        let words = header.utf8.split(separator: UInt8(ascii: " "))
        guard words.count == 2, words[0].elementsEqual("bytes".utf8) else { return nil }
        let parts = words[1].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int64(digits: ends[0]), let last = Int64(digits: ends[1]), first <= last,
            last < .max
        else { return nil }
        range = first..<last + 1
        guard !parts[1].elementsEqual("*".utf8) else { return }
        guard let length = Int64(digits: parts[1]), last < length else { return nil }
        completeLength = length
    }
}

extension Int64 {
    fileprivate init?(digits: some Collection<UInt8>) {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(String(decoding: digits, as: UTF8.self))
    }
}

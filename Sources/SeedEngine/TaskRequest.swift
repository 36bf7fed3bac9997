package import DragonflyIdentity
package import HTTPSemantics
package import SeedOrigin

/// What one client wants of one task: what the proxy asks of the engine. The stream, its task and their flights share it.
package final class TaskRequest: Sendable {
    /// The store key: SHA-256 over everything that names the object.
    package let key: StoreKey
    /// Dragonfly's task id, for headers and reports. It collides by construction, so it is never a key (rule 1).
    package let wireID: TaskID
    /// The exact URL to fetch, query included.
    package let url: String
    /// Header fields for the origin; connection fields, `Range`, conditions, `Accept-Encoding` and `X-Dragonfly-*` removed.
    package let headers: HTTPFields
    /// Those fields that every request for the task has alike: what its key holds, and what we add.
    package let commonHeaders: HTTPFields
    /// The one range asked for; `nil` asks for the whole object.
    package let range: RangeSpec?
    /// The SHA-256 that the whole object must have, if its URL names one; in lower case.
    package let digest: Digest?
    /// A piece length fixed by the client, in bytes; `nil` lets the content length decide.
    package let pieceLength: Int64?
    package let tag: String?
    package let application: String?
    /// Under whose right the origin is asked (rule 4).
    package let credential: Credential
    package let freshness: FreshnessRule
    /// `.prefetch` for a client that reads ahead: its bytes wait for everybody else's.
    package let priority: OriginPriority
    /// Fetch the whole object afterwards (`proxy.prefetch`, `X-Dragonfly-Prefetch`).
    package let prefetches: Bool

    package init(
        key: StoreKey, wireID: TaskID, url: String, headers: HTTPFields = [:],
        commonHeaders: HTTPFields = [:], range: RangeSpec? = nil, pieceLength: Int64? = nil, tag: String? = nil,
        application: String? = nil, credential: Credential = .anonymous,
        freshness: FreshnessRule = FreshnessRule(), priority: OriginPriority = .demand, prefetches: Bool = false,
        digest: Digest? = nil
    ) {
        self.key = key
        self.wireID = wireID
        self.url = url
        self.headers = headers
        self.commonHeaders = commonHeaders
        self.range = range
        self.pieceLength = pieceLength
        self.tag = tag
        self.application = application
        self.credential = credential
        self.freshness = freshness
        self.priority = priority
        self.prefetches = prefetches
        self.digest = digest?.comparableSHA256
    }
}

extension TaskRequest {
    /// Whether the origin is asked the same for both, but for the range.
    func asksAlike(_ other: TaskRequest) -> Bool {
        self === other || url == other.url && credential == other.credential && headers == other.headers
    }

    /// Whether the origin is asked the same for both, but for the range and fields of these kinds.
    func adds(only kinds: FieldIDSet, to other: TaskRequest) -> Bool {
        url == other.url && credential == other.credential
            && headers.without(kinds) == other.headers.without(kinds)
    }

    /// The same object, asked for at this URL in nobody's name: with the common fields alone.
    func neutral(at url: String) -> TaskRequest {
        if isNeutral, url == self.url { return self }
        return TaskRequest(
            key: key, wireID: wireID, url: url, headers: commonHeaders, commonHeaders: commonHeaders,
            pieceLength: pieceLength, tag: tag, application: application, freshness: freshness, priority: priority,
            digest: digest)
    }

    /// Nothing in it is one client's own.
    var isNeutral: Bool { headers == commonHeaders && credential == .anonymous }
}

extension TaskRequest: Equatable {
    /// The very same.
    package static func == (a: TaskRequest, b: TaskRequest) -> Bool { a === b }
}

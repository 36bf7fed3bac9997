package import DragonflyIdentity
package import HTTPSemantics
package import SeedOrigin

/// What one client wants of one task: what the proxy asks of the engine. The stream, its task and their flights share it.
package final class TaskRequest: Sendable {
    let object: RequestedObject
    /// Header fields for the origin; connection fields, `Range`, conditions, `Accept-Encoding` and `X-Dragonfly-*` removed.
    package let headers: HTTPFields
    /// Those fields that every request for the task has alike: what its key holds, and what we add.
    package let commonHeaders: HTTPFields
    /// The one range asked for; `nil` asks for the whole object.
    package let range: RangeSpec?
    /// The credential used at the origin (rule:request-credential).
    package let credential: Credential
    package let freshness: FreshnessRule
    /// `.prefetch` for a client that reads ahead: its bytes come after all others.
    package let priority: OriginPriority
    /// False for HEAD: the stream is a head alone, and nothing is fetched for it that is not known.
    package let wantsBody: Bool
    /// Fetch the whole object afterwards (`proxy.prefetch`, `X-Dragonfly-Prefetch`).
    package let prefetches: Bool

    package init(
        key: StoreKey, wireID: TaskID, url: String, headers: HTTPFields = [:],
        commonHeaders: HTTPFields = [:], range: RangeSpec? = nil, pieceLength: Int64? = nil, tag: String? = nil,
        application: String? = nil, credential: Credential = .anonymous,
        freshness: FreshnessRule = FreshnessRule(), priority: OriginPriority = .demand, wantsBody: Bool = true,
        prefetches: Bool = false, digest: Digest? = nil
    ) {
        object = RequestedObject(
            key: key, wireID: wireID, url: url, digest: digest?.comparableSHA256, pieceLength: pieceLength, tag: tag,
            application: application)
        self.headers = headers
        self.commonHeaders = commonHeaders
        self.range = range
        self.credential = credential
        self.freshness = freshness
        self.priority = priority
        self.wantsBody = wantsBody
        self.prefetches = prefetches
    }
}

/// What is asked for: the same for every client of the task, but for the URL's spelling.
struct RequestedObject: Sendable {
    let key: StoreKey
    let wireID: TaskID
    let url: String
    let digest: Digest?
    let pieceLength: Int64?
    let tag: String?
    let application: String?
}

extension TaskRequest {
    /// The store key: SHA-256 over everything that names the object.
    package var key: StoreKey { object.key }
    /// Dragonfly's task id, for headers and reports. It collides by construction, so it is never a key
    /// (rule:wire-id-not-a-key).
    package var wireID: TaskID { object.wireID }
    /// The exact URL to fetch, query included.
    package var url: String { object.url }
    /// The SHA-256 that the whole object must have, if its URL names one; in lower case.
    package var digest: Digest? { object.digest }
    /// A piece length fixed by the client, in bytes; `nil` lets the content length decide.
    package var pieceLength: Int64? { object.pieceLength }
    package var tag: String? { object.tag }
    package var application: String? { object.application }
}

extension TaskRequest {
    /// Whether both would send the same request to the origin, except for the range.
    func asksAlike(_ other: TaskRequest) -> Bool {
        self === other || url == other.url && credential == other.credential && headers == other.headers
    }

    /// Whether both would send the same request to the origin, except for the range and fields of these kinds.
    func adds(only kinds: FieldIDSet, to other: TaskRequest) -> Bool {
        url == other.url && credential == other.credential
            && headers.without(kinds) == other.headers.without(kinds)
    }

    /// The same object at this URL without any client's own fields: a neutral request.
    func neutral(at url: String) -> TaskRequest {
        if isNeutral, url == self.url { return self }
        return TaskRequest(
            key: key, wireID: wireID, url: url, headers: commonHeaders, commonHeaders: commonHeaders,
            pieceLength: pieceLength, tag: tag, application: application, freshness: freshness, priority: priority,
            digest: digest)
    }

    /// Whether an object under this validator is one response: separate ones may mix versions (rule:version-validator).
    func isOneResponse(_ validator: Validator) -> Bool {
        Generation.isOneResponse(validator, isImmutable: freshness.isImmutable)
    }

    /// It carries nothing of a single client.
    var isNeutral: Bool { headers == commonHeaders && credential == .anonymous }
}

extension TaskRequest: Equatable {
    /// The very same.
    package static func == (a: TaskRequest, b: TaskRequest) -> Bool { a === b }
}

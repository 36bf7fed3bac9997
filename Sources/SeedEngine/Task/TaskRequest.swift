package import DragonflyIdentity
package import HTTPSemantics
package import SeedOrigin
import SeedStorage

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
    /// Whether the bytes may be those of another task.
    let lead: Lead

    /// Whether a request is led to the bytes of another URL.
    enum Lead: Sendable, Equatable {
        /// Where they are known to be its own.
        case possible
        /// It was led: it may read what is held of this generation, and nothing is fetched for it.
        case to(generation: UInt64)
        /// What it was led to can't be had: it gets its own.
        case refused
    }

    package convenience init(
        _ object: RequestedObject, headers: HTTPFields = [:], commonHeaders: HTTPFields = [:], range: RangeSpec? = nil,
        credential: Credential = .anonymous, freshness: FreshnessRule = FreshnessRule(),
        priority: OriginPriority = .demand, wantsBody: Bool = true, prefetches: Bool = false
    ) {
        self.init(
            object, headers: headers, commonHeaders: commonHeaders, range: range, credential: credential,
            freshness: freshness, priority: priority, wantsBody: wantsBody, prefetches: prefetches, lead: .possible)
    }

    private init(
        _ object: RequestedObject, headers: HTTPFields, commonHeaders: HTTPFields, range: RangeSpec?,
        credential: Credential, freshness: FreshnessRule, priority: OriginPriority, wantsBody: Bool, prefetches: Bool,
        lead: Lead
    ) {
        self.object = object
        self.headers = headers
        self.commonHeaders = commonHeaders
        self.range = range
        self.credential = credential
        self.freshness = freshness
        self.priority = priority
        self.wantsBody = wantsBody
        self.prefetches = prefetches
        self.lead = lead
    }
}

/// What is asked for: the same for every client that asks alike, so it is made once.
package final class RequestedObject: Sendable {
    /// The store key: SHA-256 over everything that names the object.
    package let key: StoreKey
    /// Where the same bytes may be found under another URL.
    package let sharedName: SharedName?
    /// Dragonfly's task id, for headers and reports. It collides by construction, so it is never a key
    /// (rule:wire-id-not-a-key).
    package let wireID: TaskID
    /// The exact URL to fetch, query included.
    package let url: String
    /// The path and query in the key; nil if it holds none.
    package let target: String?
    /// The SHA-256 or SHA-512 that the whole object must have, if its URL names one; in lower case.
    package let digest: Digest?
    /// A piece length fixed by the client, in bytes; `nil` lets the content length decide.
    package let pieceLength: Int64?
    package let tag: String?
    package let application: String?

    package init(
        key: StoreKey, sharedName: SharedName? = nil, wireID: TaskID, url: String, target: String? = nil,
        digest: Digest? = nil, pieceLength: Int64? = nil, tag: String? = nil, application: String? = nil
    ) {
        self.key = key
        self.sharedName = sharedName
        self.wireID = wireID
        self.url = url
        self.target = target
        self.digest = digest?.comparable
        self.pieceLength = pieceLength
        self.tag = tag
        self.application = application
    }

    /// The same object at another URL.
    fileprivate func at(_ url: String) -> RequestedObject {
        RequestedObject(
            key: key, sharedName: sharedName, wireID: wireID, url: url, target: target, digest: digest,
            pieceLength: pieceLength, tag: tag, application: application)
    }

    /// Another object with the same name and marks, of which the index has this record. A digest that the name doesn't hold may
    /// be of the recorded generation alone.
    fileprivate func other(_ record: TaskRecord) -> RequestedObject {
        RequestedObject(
            key: record.key, sharedName: sharedName, wireID: record.wireID, url: record.url, target: record.target,
            digest: sharedName?.proof == .digest ? record.digest.flatMap { Digest($0) } : nil, pieceLength: pieceLength,
            tag: tag, application: application)
    }
}

extension TaskRequest {
    package var key: StoreKey { object.key }
    package var sharedName: SharedName? { object.sharedName }
    package var wireID: TaskID { object.wireID }
    package var url: String { object.url }
    package var digest: Digest? { object.digest }
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
            object.at(url), headers: commonHeaders, commonHeaders: commonHeaders, freshness: freshness,
            priority: priority)
    }

    /// The neutral request for another task with the same name, of which the index has this record.
    func neutral(for record: TaskRecord) -> TaskRequest {
        let freshness = FreshnessRule(
            isImmutable: record.flags.contains(.immutable), revalidateAfter: freshness.revalidateAfter)
        return TaskRequest(
            object.other(record), headers: commonHeaders, commonHeaders: commonHeaders,
            freshness: freshness)
    }

    /// The same request, led to the bytes of another task or not.
    func with(_ lead: Lead) -> TaskRequest {
        TaskRequest(
            object, headers: headers, commonHeaders: commonHeaders, range: range, credential: credential,
            freshness: freshness, priority: priority, wantsBody: wantsBody, prefetches: false, lead: lead)
    }

    /// It was led to the bytes of another task.
    var isLed: Bool {
        if case .to = lead { true } else { false }
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

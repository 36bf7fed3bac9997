/// What one cache says it did with a request, in a `Cache-Status` field (RFC 9211).
package struct CacheStatus: Hashable, Sendable {
    /// The name that the cache gives itself.
    package var cache: String
    /// The request was answered without going further.
    package var isHit = false
    /// Why the request went further: `bypass`, `uri-miss`, `stale`, …; nil if it didn't.
    package var forward: String?
    /// The status that came back from there.
    package var forwardStatus: Int64?
    package var isStored = false
    package var isCollapsed = false
    /// In seconds, negative for a stale response.
    package var timeToLive: Int64?
    package var detail: String?

    /// All members of the field, the nearest cache last; nil if it is malformed.
    package static func list(_ fields: HTTPFields) -> [CacheStatus]? {
        fields.structuredList(.cacheStatus)?.compactMap { $0.item.flatMap { CacheStatus($0) } }
    }

    private init?(_ item: StructuredField.Item) {
        guard let name = item.value.text else { return nil }
        let parameters = item.parameters
        cache = name
        isHit = parameters.isTrue("hit")
        forward = parameters["fwd"]?.token
        forwardStatus = parameters["fwd-status"]?.integer
        isStored = parameters.isTrue("stored")
        isCollapsed = parameters.isTrue("collapsed")
        timeToLive = parameters["ttl"]?.integer
        detail = parameters["detail"]?.text
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedEngine
import SeedOrigin

extension TaskRequest {
    /// A request for an object that no other request is for.
    convenience init(
        key: StoreKey, sharedName: SharedName? = nil, wireID: TaskID, url: String, headers: HTTPFields = [:],
        commonHeaders: HTTPFields = [:], range: RangeSpec? = nil, pieceLength: Int64? = nil, tag: String? = nil,
        application: String? = nil, credential: Credential = .anonymous, freshness: FreshnessRule = FreshnessRule(),
        priority: OriginPriority = .demand, wantsBody: Bool = true, prefetches: Bool = false, digest: Digest? = nil
    ) {
        self.init(
            RequestedObject(
                key: key, sharedName: sharedName, wireID: wireID, url: url, digest: digest, pieceLength: pieceLength,
                tag: tag, application: application),
            headers: headers, commonHeaders: commonHeaders, range: range, credential: credential, freshness: freshness,
            priority: priority, wantsBody: wantsBody, prefetches: prefetches)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedEngine

/// The part of a task request that is the same for every client that asks for the object. It belongs to one event loop,
/// which caches the prepared head in it.
final class TaskTemplate {
    let key: StoreKey
    let wireID: TaskID
    /// Where the object is fetched, after the rule's rewriting.
    let url: OriginURL
    let urlText: String
    let freshness: FreshnessRule
    /// What the URL names the object by, whether or not that names the task.
    let digest: Digest?
    let options: TaskOptions
    /// What every request for the object tells its origin.
    let commonHeaders: HTTPFields
    var prepared: PreparedHead?
    /// The fields of the last request: most clients send the same ones each time.
    var forwarded: (key: [UInt8], fields: HTTPFields) = ([], [:])

    init(
        identity: TaskIdentity, url: OriginURL, freshness: FreshnessRule, digest: Digest?, options: TaskOptions,
        commonHeaders: HTTPFields
    ) {
        key = identity.storeKey
        wireID = identity.taskID
        self.url = url
        urlText = url.text
        self.freshness = freshness
        self.digest = digest
        self.options = options
        self.commonHeaders = commonHeaders
    }
}

extension TaskTemplate {
    /// The part of the response's head that is the same for all clients; made anew when the record has changed.
    func prepare(_ head: StreamHead, for application: ProxyApplication) -> PreparedHead {
        if let prepared, prepared.isOf(head) { return prepared }
        let made = PreparedHead(
            head, wireID: wireID.description, configuration: application.configuration)
        prepared = made
        return made
    }
}

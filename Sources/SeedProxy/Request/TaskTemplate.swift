import DragonflyIdentity
import HTTPSemantics
import SeedEngine

/// The part of a task request that is the same for every client that asks for the object. It belongs to one event loop,
/// which caches the prepared head in it.
final class TaskTemplate {
    /// What the engine is asked for, at the URL as which the cache fetches it.
    let object: RequestedObject
    /// Where the object is, after the rule's rewriting, as the client wrote it.
    let url: OriginURL
    let freshness: FreshnessRule
    let options: TaskOptions
    /// What every request for the object tells its origin.
    let commonHeaders: HTTPFields
    var prepared: PreparedHead?
    /// The fields of the last request: most clients send the same ones each time.
    var forwarded: (key: [UInt8], fields: HTTPFields) = ([], [:])

    init(
        object: RequestedObject, url: OriginURL, freshness: FreshnessRule, options: TaskOptions,
        commonHeaders: HTTPFields
    ) {
        self.object = object
        self.url = url
        self.freshness = freshness
        self.options = options
        self.commonHeaders = commonHeaders
    }
}

extension TaskTemplate {
    /// The part of the response's head that is the same for all clients; made anew when the record has changed.
    func prepare(_ head: StreamHead, for application: ProxyApplication) -> PreparedHead {
        if let prepared, prepared.isOf(head) { return prepared }
        let made = PreparedHead(
            head, wireID: object.wireID.description, configuration: application.configuration)
        prepared = made
        return made
    }
}

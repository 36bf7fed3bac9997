import DragonflyIdentity
import SeedEngine
import SeedOrigin

/// How a request is answered. It depends on nothing but its target, the `X-Dragonfly-*` fields and, for some, `Accept`.
enum RequestPlan {
    /// Through the cache.
    case cached(TaskTemplate)
    /// Straight from this URL.
    case passThrough(OriginURL)
    /// `OPTIONS *`, and other requests whose last recipient is this server.
    case own(OwnAnswer)
    case refused(Refusal)
}

/// What this server says about itself.
enum OwnAnswer {
    case options
    /// `TRACE` that may go no further: what it would repeat may hold credentials (RFC 9110 §9.3.8).
    case noTrace
}

/// The part of a task request that is the same for every client that asks for the object. It belongs to one event
/// loop, which keeps the prepared head of late answers in it.
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
    var prepared: PreparedHead?

    init(
        identity: TaskIdentity, url: OriginURL, freshness: FreshnessRule, digest: Digest?, options: TaskOptions
    ) {
        key = identity.storeKey
        wireID = identity.taskID
        self.url = url
        urlText = url.text
        self.freshness = freshness
        self.digest = digest
        self.options = options
    }
}

extension TaskTemplate {
    /// The part of the answer's head that is the same for all clients; made anew when the record has changed.
    func prepare(_ head: StreamHead, _ configuration: ProxyConfiguration) -> PreparedHead {
        if let prepared, prepared.isOf(head) { return prepared }
        let made = PreparedHead(head, wireID: wireID.description, configuration: configuration)
        prepared = made
        return made
    }
}

/// What the client's `X-Dragonfly-*` fields say about its task.
struct TaskOptions {
    /// Fixed by the client, in bytes; checked when the task is named.
    var pieceLength: UInt64?
    var tag: String?
    var application: String?
    /// Dragonfly's scale: 6 is demand, lower is less urgent. What is no number is 6.
    var priority = 6
    /// Whether the rest of the object is to be fetched after a range; nil leaves it to the configuration.
    var prefetch: Bool?
    /// The task is named by the SHA-256 of this text.
    var content: String?
    var usesBlobDigest: Bool?
    var usesP2P = false

    init(_ head: RequestHead) {
        guard head.present.hasDragonfly else { return }
        pieceLength = head.text(of: .pieceLength).flatMap(PieceLengthText.bytes)
        tag = head.text(of: .tag)
        application = head.text(of: .application)
        priority = head.text(of: .priority).flatMap { Int($0) } ?? 6
        prefetch = flag(.prefetch, of: head)
        content = head.text(of: .contentForTaskID)
        usesBlobDigest = flag(.blobDigest, of: head)
        usesP2P = flag(.useP2P, of: head) ?? false
    }

    /// Dragonfly's clients read ahead at 3 and below.
    var originPriority: OriginPriority { priority > 3 ? .demand : .prefetch }

    /// `true` in any case is true, everything else that is there is false.
    private func flag(_ id: FieldID, of head: RequestHead) -> Bool? {
        head.present.contains(id) ? head.says(id, "true") : nil
    }
}

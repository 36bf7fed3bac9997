import DragonflyIdentity

/// How a request is answered. It depends on nothing but method, URL and the `X-Dragonfly-*` fields.
enum RequestPlan {
    /// Through the cache.
    case cached(TaskTemplate)
    /// Straight from this URL.
    case relayed(OriginURL)
    case refused(Refusal)
}

/// The part of a task request that is the same for every client that asks for the object.
struct TaskTemplate {
    var key: StoreKey
    var wireID: TaskID
    /// Where the object is fetched, after the rule's rewriting.
    var url: OriginURL
    var urlText: String
    /// Fixed by the client, in bytes.
    var pieceLength: Int64?
    var tag: String?
    var application: String?
}

/// A bounded map that forgets what was not asked for lately: two halves, of which the older is dropped whole.
struct PlanCache {
    struct Key: Hashable {
        var target: String
        var options: [String]
    }

    /// Entries in each half.
    static let halfSize = 1024
    /// Longer keys are not kept, so that the memory is bounded too.
    static let longestKey = 4096

    private var young: [Key: RequestPlan] = [:]
    private var old: [Key: RequestPlan] = [:]

    subscript(_ key: Key) -> RequestPlan? {
        mutating get {
            if let plan = young[key] { return plan }
            guard let plan = old[key] else { return nil }
            self[key] = plan
            return plan
        }
        set {
            let length = key.options.reduce(key.target.utf8.count) { $0 + $1.utf8.count }
            guard length <= Self.longestKey else { return }
            if young.count >= Self.halfSize { (old, young) = (young, [:]) }
            young[key] = newValue
        }
    }
}

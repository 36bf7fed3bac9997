import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// Turns request heads into plans and task requests. One for each event loop; it caches the plans of recent URLs.
struct TaskRequestFactory {
    private let configuration: ProxyConfiguration
    private var planner: RequestPlanner
    private var plans = ByteCache<RequestPlan>()
    private var forwarded = ByteCache<HTTPFields>()
    /// A buffer for building keys, so that lookups don't allocate.
    private var key: [UInt8] = []
    var blockList: BlockMatcher {
        get { planner.blockList }
        set {
            planner.blockList = newValue
            plans = ByteCache()
        }
    }

    init(policy: ProxyPolicy, configuration: ProxyConfiguration) {
        self.configuration = configuration
        planner = RequestPlanner(policy: policy, configuration: configuration)
        key.reserveCapacity(512)
    }

    /// What to do with a request.
    mutating func plan(for head: RequestHead) -> RequestPlan {
        guard planner.dependsOnKeyAlone(head) else { return planner.plan(for: head) }
        makePlanKey(head)
        if let plan = plans[key] { return plan }
        let plan = planner.plan(for: head)
        plans[key] = plan
        return plan
    }

    /// The engine's view of one client's request.
    mutating func request(from head: RequestHead, template: TaskTemplate, range: RangeSpec?) -> TaskRequest {
        TaskRequest(
            template.object, headers: fieldsForEngine(of: head, template), commonHeaders: template.commonHeaders,
            range: range, freshness: template.freshness, priority: template.options.originPriority,
            wantsBody: head.method != .head,
            prefetches: range != nil && (template.options.prefetch ?? configuration.prefetch))
    }
}

// MARK: Keys

extension TaskRequestFactory {
    /// Everything that a plan for the cache depends on: the effective request URI (rule:effective-uri), and the fields that a plan
    /// depends on.
    private mutating func makePlanKey(_ head: RequestHead) {
        key.removeAll(keepingCapacity: true)
        head.bytes.withUnsafeBytes { base in
            // An absolute target is all of the URI. The origin form lacks its authority, and begins otherwise.
            key.append(contentsOf: head.targetSpan.bytes(of: base))
            if head.form != .absolute {
                key.append(0)
                key.append(contentsOf: head.authority.bytes(of: base))
            }
            let negotiates = head.isNegotiated
            guard head.present.hasDragonfly || negotiates else { return }
            for field in head.fields where field.id.isDragonfly || negotiates && field.id == .accept {
                // No value holds a NUL, so no two lists of fields make one key.
                key.append(0)
                key.append(field.id.rawValue)
                key.append(contentsOf: field.value.bytes(of: base))
            }
        }
    }

    /// The client's fields that the engine may send to the origin. Most clients send the same fields with every
    /// request, so these are made once.
    private mutating func fieldsForEngine(of head: RequestHead, _ template: TaskTemplate) -> HTTPFields {
        key.removeAll(keepingCapacity: true)
        head.bytes.withUnsafeBytes { base in
            for field in head.fields
            where !FieldIDSet.decidedByFetch.contains(field.id) && head.isEndToEnd(field, in: base) {
                key.append(contentsOf: field.name.bytes(of: base))
                key.append(0)
                key.append(contentsOf: field.value.bytes(of: base))
                key.append(0)
            }
        }
        if ByteCache<Void>.isSame(template.forwarded.key, key) { return template.forwarded.fields }
        let fields = forwarded[key] ?? makeFieldsForEngine(of: head)
        forwarded[key] = fields
        template.forwarded = (key.map { $0 }, fields)
        return fields
    }

    private func makeFieldsForEngine(of head: RequestHead) -> HTTPFields {
        var fields = HTTPFields()
        head.bytes.withUnsafeBytes { base in
            for field in head.fields
            where !FieldIDSet.decidedByFetch.contains(field.id) && head.isEndToEnd(field, in: base) {
                if field.id == .other, FieldID.concernsOneRequest(field.name.bytes(of: base)) { continue }
                fields.append(field.copied(from: base))
            }
        }
        fields.append(planner.via)
        return fields
    }

}

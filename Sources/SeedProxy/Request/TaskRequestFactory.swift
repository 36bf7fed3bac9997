import DragonflyIdentity
import HTTPTypes
import SeedEngine

/// Turns request heads into plans and task requests. One for each event loop; it remembers the plans of late URLs.
struct TaskRequestFactory {
    private let policy: ProxyPolicy
    private let name: String
    /// Whether blob and manifest URLs name their task by digest when the request doesn't say.
    private let usesBlobDigest: Bool
    private var cache = PlanCache()

    /// - Parameter name: ours, in `Via`.
    init(policy: ProxyPolicy, name: String, usesBlobDigest: Bool = false) {
        self.policy = policy
        self.name = name
        self.usesBlobDigest = usesBlobDigest
    }

    /// What to do with a request that has no fault.
    mutating func plan(for head: RequestHead) -> RequestPlan {
        if head.fields.cameThrough(name) { return .refused(.loop) }
        guard head.method == "GET", head.isPlain else { return relayedPlan(for: head) }
        let options = head.fields.dragonflyOptions
        let key = PlanCache.Key(
            target: head.target,
            options: options.flatMap { [$0.name.canonicalName, $0.value] } + head.negotiated.values)
        if let plan = cache[key] { return plan }
        let plan = cachedPlan(for: head)
        cache[key] = plan
        return plan
    }

    /// The engine's view of one client's request; the client asks for at most one range.
    func request(from head: RequestHead, template: TaskTemplate) -> TaskRequest {
        var headers = head.fields.forEngine
        headers.appendVia(name)
        return TaskRequest(
            key: template.key, wireID: template.wireID, url: template.urlText, headers: headers, range: head.range,
            pieceLength: template.pieceLength, tag: template.tag, application: template.application)
    }
}

extension TaskRequestFactory {
    /// Requests that never go through the cache. A GET for which a rule holds still goes where the rule says.
    private func relayedPlan(for head: RequestHead) -> RequestPlan {
        Self.catching { () throws(Refusal) in
            let url = try OriginURL(head.target)
            guard head.method == "GET", let rule = policy.rule(for: url, usesP2P: false) else { return .relayed(url) }
            return .relayed(try url.rewritten(by: rule))
        }
    }

    private func cachedPlan(for head: RequestHead) -> RequestPlan {
        let fields = head.fields
        return Self.catching { () throws(Refusal) in
            let asked = try OriginURL(head.target)
            let usesP2P = fields[.dragonflyUseP2P]?.lowercased() == "true"
            guard let rule = policy.rule(for: asked, usesP2P: usesP2P) else { return .relayed(asked) }
            let url = try asked.rewritten(by: rule)
            let identity = try identity(of: url, head: head, rule: rule)
            // Such parameters prove a right, which is checked by the origin alone (rule 3).
            guard !identity.carriesProvingParameters, !isSigned(url) else { return .relayed(url) }
            return .cached(TaskTemplate(url: url, identity: identity, fields: fields))
        }
    }

    private func identity(
        of url: OriginURL, head: RequestHead, rule: ProxyRule
    ) throws(Refusal) -> TaskIdentity {
        let fields = head.fields
        let marks = TaskIdentity.Marks(
            tag: fields[.dragonflyTag], application: fields[.dragonflyApplication],
            pieceLength: fields[.dragonflyPieceLength].flatMap(PieceLengthText.bytes), negotiated: head.negotiated)
        do throws(IdentityError) {
            let identity = try TaskIdentity(
                url: url.text, marks: marks,
                filter: fields[.dragonflyFilteredQueryParams].map(QueryFilter.init(header:))
                    ?? QueryFilter(rule.filteredQueryParams),
                content: fields[.dragonflyContent],
                usesBlobDigest: fields[.dragonflyBlobDigest].map { $0.lowercased() == "true" } ?? usesBlobDigest)
            try identity.validateForServing()
            return identity
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// Whether the URL has a parameter that signs, whatever the request or a rule says is to be filtered.
    private func isSigned(_ url: OriginURL) -> Bool {
        guard url.text.utf8.contains(UInt8(ascii: "?")) else { return false }
        return (try? TaskIdentity(url: url.text))?.carriesProvingParameters ?? true
    }

    private static func catching(_ body: () throws(Refusal) -> RequestPlan) -> RequestPlan {
        do throws(Refusal) { return try body() } catch { return .refused(error) }
    }
}

extension TaskTemplate {
    fileprivate init(url: OriginURL, identity: TaskIdentity, fields: HTTPFields) {
        self.init(
            key: identity.storeKey, wireID: identity.taskID, url: url, urlText: url.text,
            pieceLength: identity.pieceLength.map { Int64($0) }, tag: fields[.dragonflyTag],
            application: fields[.dragonflyApplication])
    }
}

extension RequestHead {
    private static let conditions: [HTTPField.Name] = [
        .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange,
    ]

    /// True when the request asks for bytes and nothing else: no proof of a right (rule 3), no body, no condition and
    /// not several ranges, all of which only the origin can judge.
    fileprivate var isPlain: Bool {
        !fields.contains(.authorization) && !fields.contains(.cookie) && !hasBody
            && !Self.conditions.contains(where: fields.contains) && !asksSeveralRanges
    }

    /// What the answer depends on beside the URL: a manifest named by a tag is given in the form that `Accept` asks for.
    fileprivate var negotiated: [String: String] {
        guard target.contains("/manifests/"), !target.contains("/manifests/sha") else { return [:] }
        return ["accept": fields[values: .accept].joined(separator: ", ")]
    }

    private var asksSeveralRanges: Bool {
        let lines = fields[values: .range]
        guard lines.count < 2, let line = lines.first else { return lines.count > 1 }
        if case .several = RangeSpec.parse(header: line) { return true }
        return false
    }

    /// The one range asked for; a `Range` that is not understood is no range (RFC 9110 §14.2).
    fileprivate var range: RangeSpec? {
        guard let line = fields[.range], case .one(let spec) = RangeSpec.parse(header: line) else { return nil }
        return spec
    }
}

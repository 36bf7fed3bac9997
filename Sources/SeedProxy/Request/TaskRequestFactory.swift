import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// Turns request heads into plans and task requests. One for each event loop; it caches the plans of recent URLs.
struct TaskRequestFactory {
    private let policy: ProxyPolicy
    private let name: String
    private let configuration: ProxyConfiguration
    private var plans = ByteCache<RequestPlan>()
    private var forwarded = ByteCache<HTTPFields>()
    /// A buffer for building keys, so that lookups don't allocate.
    private var key: [UInt8] = []
    var blockList = BlockMatcher() {
        didSet { plans = ByteCache() }
    }

    init(policy: ProxyPolicy, configuration: ProxyConfiguration) {
        self.policy = policy
        self.configuration = configuration
        name = configuration.name
        key.reserveCapacity(512)
    }

    /// What to do with a request.
    mutating func plan(for head: RequestHead) -> RequestPlan {
        if head.present.contains(.via), head.cameThrough(name) { return .refused(.loop) }
        guard head.isPlain else { return Self.catching { () throws(Refusal) in try planPassThrough(head) } }
        makePlanKey(head)
        if let plan = plans[key] { return plan }
        let plan = Self.catching { () throws(Refusal) in try planCached(head) }
        plans[key] = plan
        return plan
    }

    /// The engine's view of one client's request.
    mutating func request(from head: RequestHead, template: TaskTemplate, range: RangeSpec?) -> TaskRequest {
        TaskRequest(
            key: template.key, wireID: template.wireID, url: template.urlText,
            headers: fieldsForEngine(of: head, template), commonHeaders: template.commonHeaders, range: range,
            pieceLength: template.options.pieceLength.map { Int64($0) }, tag: template.options.tag,
            application: template.options.application, freshness: template.freshness,
            priority: template.options.originPriority, wantsBody: head.method != .head,
            prefetches: range != nil && (template.options.prefetch ?? configuration.prefetch),
            digest: template.digest)
    }
}

// MARK: Keys

extension TaskRequestFactory {
    /// Everything that `planCached` reads: the effective request URI (rule:effective-uri), and the fields that a plan
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
        fields.append(via)
        return fields
    }

    private var via: HTTPField { HTTPField(name: .via, value: "1.1 \(name)") }

    /// Our own, and those that the key holds.
    private func commonHeaders(of head: RequestHead) -> HTTPFields {
        var fields = HTTPFields()
        if head.isNegotiated {
            head.bytes.withUnsafeBytes { base in
                for field in head.fields where field.id == .accept { fields.append(field.copied(from: base)) }
            }
        }
        fields.append(via)
        return fields
    }
}

// MARK: Plans

extension TaskRequestFactory {
    /// Requests that never go through the cache. A GET for which a rule holds still goes where the rule says.
    private func planPassThrough(_ head: RequestHead) throws(Refusal) -> RequestPlan {
        if let own = try ownResponse(to: head) { return .own(own) }
        if head.present.contains(.outputPath) { throw .noOutputPath }
        let url = try asked(by: head)
        try checkBlocked(url, TaskOptions(head))
        guard head.method == .get || head.method == .head, let rule = policy.rule(for: url, usesP2P: false) else {
            return .passThrough(url)
        }
        return .passThrough(try url.rewritten(by: rule))
    }

    private func planCached(_ head: RequestHead) throws(Refusal) -> RequestPlan {
        if head.present.contains(.outputPath) { throw .noOutputPath }
        let asked = try asked(by: head)
        let options = TaskOptions(head)
        try checkBlocked(asked, options)
        guard let rule = policy.rule(for: asked, usesP2P: options.usesP2P) else { return .passThrough(asked) }
        let url = try asked.rewritten(by: rule)
        let identity = try identity(of: url, head: head, rule: rule, options: options)
        // Such parameters are credentials, which only the origin can check (rule:right-to-read).
        guard !identity.carriesCredentialParameters, !isSigned(url) else { return .passThrough(url) }
        let digest = Self.digest(of: url)
        let freshness = FreshnessRule(
            isImmutable: rule.immutable || digest != nil,
            revalidateAfter: rule.revalidateAfter ?? configuration.freshness.revalidateAfter)
        return .cached(
            TaskTemplate(
                identity: identity, url: url, freshness: freshness, digest: digest, options: options,
                commonHeaders: commonHeaders(of: head)))
    }

    /// The URL a request means: its target, or for the origin form that of the registry it names (`X-Dragonfly-Registry`,
    /// the parameter `ns`, else `proxy.registryMirror.addr`).
    private func asked(by head: RequestHead) throws(Refusal) -> OriginURL {
        guard head.form == .origin else { return try OriginURL(head) }
        let query = head.text(head.query)
        let registry = head.text(of: .registry) ?? RegistryParameter.value(in: query) ?? configuration.registryMirror
        guard let registry else { throw .originForm }
        return try OriginURL(registry: registry, path: head.text(head.path), query: query)
    }

    /// RFC 9110 §7.6.2, §9.3.7.
    private func ownResponse(to head: RequestHead) throws(Refusal) -> OwnResponse? {
        guard head.method == .options || head.method == .trace else { return nil }
        if head.method == .options, head.form == .asterisk, head.target == "*" { return .options }
        guard head.text(of: .maxForwards) == "0" else { return nil }
        return head.method == .options ? .options : .noTrace
    }

    private func checkBlocked(_ url: OriginURL, _ options: TaskOptions) throws(Refusal) {
        if blockList.blocks(url, options) { throw .blocked }
    }

    private func identity(
        of url: OriginURL, head: RequestHead, rule: ProxyRule, options: TaskOptions
    ) throws(Refusal) -> TaskIdentity {
        let marks = TaskIdentity.Marks(
            tag: options.tag, application: options.application, pieceLength: options.pieceLength,
            negotiated: head.negotiated)
        do throws(IdentityError) {
            let identity = try TaskIdentity(
                url: url.text, marks: marks,
                filter: head.text(of: .filteredQueryParams).map(QueryFilter.init(header:))
                    ?? QueryFilter(rule.filteredQueryParams),
                content: options.content, usesBlobDigest: options.usesBlobDigest ?? configuration.usesBlobDigest)
            try identity.validateForServing()
            return identity
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// Whether the URL has a parameter that signs, whatever the request or a rule says is to be filtered.
    private func isSigned(_ url: OriginURL) -> Bool {
        guard url.text.utf8.contains(UInt8(ascii: "?")) else { return false }
        return (try? TaskIdentity(url: url.text))?.carriesCredentialParameters ?? true
    }

    /// The content of a URL with a digest never changes, whether or not the digest names the task.
    private static func digest(of url: OriginURL) -> Digest? {
        (try? TaskIdentity(url: url.text))?.digest
    }

    private static func catching(_ body: () throws(Refusal) -> RequestPlan) -> RequestPlan {
        do throws(Refusal) { return try body() } catch { return .refused(error) }
    }
}

extension RequestHead {
    /// True when the request asks for an object and nothing else: no credential (rule:right-to-read) and no body, which
    /// only the origin can handle.
    fileprivate var isPlain: Bool {
        (method == .get || method == .head) && !hasBody && !mayCarryCredential
    }

    /// What the response depends on beside the URL: a manifest named by a tag is given in the form that `Accept` asks
    /// for.
    fileprivate var negotiated: [String: String] {
        isNegotiated ? ["accept": list(of: .accept) ?? ""] : [:]
    }

    fileprivate var isNegotiated: Bool {
        bytes.withUnsafeBytes { base in
            let target = targetSpan.bytes(of: base)
            guard let manifests = target.position(of: "/manifests/") else { return false }
            let reference = target[(manifests + 11)...]
            return !reference.starts(with: "sha256:".utf8) && !reference.starts(with: "sha512:".utf8)
        }
    }

    /// True if `Via` names this server (RFC 9110 §7.6.3).
    fileprivate func cameThrough(_ name: String) -> Bool {
        (list(of: .via) ?? "").split(separator: ",").contains { hop in
            let words = hop.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return words.count > 1 && words[1] == name
        }
    }
}

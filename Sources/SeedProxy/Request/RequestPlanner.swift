import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// Decides whether a request goes through the cache, straight to its origin, or is answered here.
struct RequestPlanner {
    private let policy: ProxyPolicy
    private let name: String
    private let configuration: ProxyConfiguration
    var blockList = BlockMatcher()

    init(policy: ProxyPolicy, configuration: ProxyConfiguration) {
        self.policy = policy
        self.configuration = configuration
        name = configuration.name
    }

    func plan(for head: RequestHead) -> RequestPlan {
        if cameFromHere(head) { return .refused(.loop) }
        do throws(Refusal) {
            return try head.isPlain ? planCached(head) : planPassThrough(head)
        } catch {
            return .refused(error)
        }
    }

    /// Whether the plan is the same for every request with this URL and these `X-Dragonfly-*` fields and, for some, `Accept`.
    func dependsOnKeyAlone(_ head: RequestHead) -> Bool { !cameFromHere(head) && head.isPlain }

    private func cameFromHere(_ head: RequestHead) -> Bool { head.present.contains(.via) && head.cameThrough(name) }

    /// What every request of ours carries.
    var via: HTTPField { HTTPField(name: .via, value: "1.1 \(name)") }

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

    /// Requests that never go through the cache. A GET for which a rule holds still goes where the rule says.
    private func planPassThrough(_ head: RequestHead) throws(Refusal) -> RequestPlan {
        if let own = try ownResponse(to: head) { return .own(own) }
        if head.present.contains(.outputPath) { throw .noOutputPath }
        let url = try asked(by: head)
        let options = TaskOptions(head)
        try checkBlocked(url, options)
        guard head.method == .get || head.method == .head, let rule = policy.rule(for: url, usesP2P: false) else {
            return .passThrough(url)
        }
        return .passThrough(try rewritten(url, by: rule, options))
    }

    private func planCached(_ head: RequestHead) throws(Refusal) -> RequestPlan {
        if head.present.contains(.outputPath) { throw .noOutputPath }
        let asked = try asked(by: head)
        let options = TaskOptions(head)
        try checkBlocked(asked, options)
        guard let rule = policy.rule(for: asked, usesP2P: options.usesP2P) else { return .passThrough(asked) }
        let url = try rewritten(asked, by: rule, options)
        let identity = try identity(of: url, head: head, rule: rule, options: options)
        // Such parameters are credentials, which only the origin can check (rule:right-to-read).
        let plain = try? TaskIdentity(url: url.text)
        guard !identity.carriesCredentialParameters, !isSigned(url, plain) else { return .passThrough(url) }
        // The content of a URL with a digest never changes, whether or not the digest names the task.
        let digest = plain?.digest
        let freshness = FreshnessRule(
            isImmutable: rule.immutable || digest?.comparable != nil,
            revalidateAfter: rule.revalidateAfter ?? configuration.freshness.revalidateAfter)
        let object = RequestedObject(
            key: identity.storeKey, sharedName: identity.sharedName, wireID: identity.taskID,
            url: identity.target.map { url.origin + $0 } ?? url.forCache.text, target: identity.target, digest: digest,
            pieceLength: options.pieceLength.map { Int64($0) },
            tag: options.tag, application: options.application)
        return .cached(
            TaskTemplate(
                object: object, url: url, freshness: freshness, options: options, commonHeaders: commonHeaders(of: head)
            ))
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

    /// Where the rule sends the request, which the block list judges as well.
    private func rewritten(
        _ asked: OriginURL, by rule: ProxyRule, _ options: TaskOptions
    ) throws(Refusal) -> OriginURL {
        let url = try asked.rewritten(by: rule)
        if url != asked { try checkBlocked(url, options) }
        return url
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
                content: options.content, usesBlobDigest: options.usesBlobDigest ?? configuration.usesBlobDigest,
                trustsContent: rule.trustContentNames)
            try identity.validateForServing()
            return identity
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// Whether the URL has a parameter that signs, whatever the request or a rule says is to be filtered.
    /// - Parameter plain: the URL's identity by Dragonfly's own filter.
    private func isSigned(_ url: OriginURL, _ plain: TaskIdentity?) -> Bool {
        guard url.text.utf8.contains(UInt8(ascii: "?")) else { return false }
        return plain?.carriesCredentialParameters ?? true
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

    var isNegotiated: Bool {
        bytes.withUnsafeBytes { base in
            let target = targetSpan.bytes(of: base)
            guard target.position(of: "%") != nil else { return target.isNegotiated }
            return PercentCoding.decodingUnreserved(Array(target)[...]).withUnsafeBytes(\.isNegotiated)
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

extension UnsafeRawBufferPointer {
    /// Whether this request target names a manifest by its tag.
    fileprivate var isNegotiated: Bool {
        guard let manifests = position(of: "/manifests/") else { return false }
        let reference = self[(manifests + 11)...]
        return !reference.starts(with: "sha256:".utf8) && !reference.starts(with: "sha512:".utf8)
    }
}

/// What identifies a request's task: its id on the wire, its key in our store, and the URL both were made from.
///
/// The rules and their order are those of Dragonfly's request SDK (Rust, August 2026).
public struct TaskIdentity: Hashable, Sendable {
    /// Which of Dragonfly's four ways named the task.
    public enum Variant: UInt8, Hashable, Sendable {
        /// By a text the client gave.
        case content = 1
        /// By the digest at the end of an OCI blob URL.
        case blobDigest = 2
        /// By the digest at the end of an OCI manifest URL.
        case manifestDigest = 3
        /// By its URL and the client's marks.
        case url = 4
    }

    public let variant: Variant
    public let taskID: TaskID
    package let storeKey: StoreKey
    /// The path and query that the key holds; nil if it holds none.
    package let target: String?
    /// Where to look for the same bytes under another URL; nil for tasks that their URL names.
    package let sharedName: SharedName?
    /// The URL as the WHATWG rules and Dragonfly's filter write it. Not for fetching: that needs the exact URL.
    public let canonicalURL: String
    /// For the variants that are named by one.
    public let digest: Digest?
    /// In bytes, as the client fixed it.
    public let pieceLength: UInt64?
    /// Possible credentials that are not in the key: filtered query parameters other than `ns`, raw, joined by `&`.
    ///
    /// The key of a task whose content text is trusted holds nothing of the URL but its origin, so there it is the whole
    /// query but `ns`.
    public let credentialParameters: [UInt8]

    /// Whether the URL may carry a credential that the key does not include.
    public var carriesCredentialParameters: Bool { !credentialParameters.isEmpty }
}

extension TaskIdentity {
    /// What a request says about its task besides the URL. The store key distinguishes absent from empty; the wire id,
    /// like Dragonfly's other programs, does not.
    public struct Marks: Hashable, Sendable {
        public var tag: String?
        public var application: String?
        public var revision: String?
        /// In bytes. Any number; see ``TaskIdentity/validateForServing()``.
        public var pieceLength: UInt64?
        /// What content negotiation adds to the store key: a header's name, in lower case, and its value.
        public var negotiated: [String: String]

        public init(
            tag: String? = nil, application: String? = nil, revision: String? = nil, pieceLength: UInt64? = nil,
            negotiated: [String: String] = [:]
        ) {
            self.tag = tag
            self.application = application
            self.revision = revision
            self.pieceLength = pieceLength
            self.negotiated = negotiated
        }
    }

    /// - Parameters:
    ///   - content: Names the task by itself when given, even if empty.
    ///   - usesBlobDigest: Whether OCI blob and manifest URLs name their task by digest.
    /// - Throws: ``IdentityError/malformedURL(_:)`` when the task is named by an invalid URL;
    ///   ``IdentityError/unacceptableDigest(_:)`` for a blob URL without an acceptable digest.
    public init(
        url: String, marks: Marks = Marks(), filter: QueryFilter = .default, content: String? = nil,
        usesBlobDigest: Bool = true
    ) throws(IdentityError) {
        try self.init(
            url: url, marks: marks, filter: filter, content: content, usesBlobDigest: usesBlobDigest,
            trustsContent: false)
    }

    /// - Parameter trustsContent: All URLs of an origin with the same content text are one task.
    package init(
        url: String, marks: Marks, filter: QueryFilter, content: String?, usesBlobDigest: Bool, trustsContent: Bool
    ) throws(IdentityError) {
        if let content {
            let text = Array(content.utf8)
            self.init(
                .content, text, TaskID(sha256: .sha256(of: text)), nil, url, marks, filter, isAnyTarget: trustsContent)
        } else if usesBlobDigest, let (variant, digest) = try TaskIdentity.digest(of: url) {
            let text = Array(digest.description.utf8)
            self.init(variant, text, TaskID(digest.encoded), digest, url, marks, filter, isAnyTarget: false)
        } else {
            try self.init(namedBy: url, marks, filter)
        }
    }

    /// Nil when the URL does not name its task by digest.
    private static func digest(of url: String) throws(IdentityError) -> (Variant, Digest)? {
        let named = DigestURL(url)
        if let blob = named.blob {
            guard let digest = Digest(blob) else { throw .unacceptableDigest(blob) }
            return (.blobDigest, digest)
        }
        return named.manifest.flatMap { Digest($0) }.map { (.manifestDigest, $0) }
    }

    /// The plain variant: the URL and the marks.
    private init(namedBy url: String, _ marks: Marks, _ filter: QueryFilter) throws(IdentityError) {
        let canonical = try CanonicalURL(url, filter: filter)
        variant = .url
        digest = nil
        pieceLength = marks.pieceLength
        canonicalURL = canonical.text(insteadOf: url)
        credentialParameters = canonical.omitted
        taskID = .ofURL(canonical.text, marks)
        sharedName = nil
        let target = canonical.authority.map { _ in RequestTarget(of: url, filter: filter).octets }
        self.target = target.map { String(decoding: $0, as: UTF8.self) }
        storeKey = StoreKey(
            .init(variant: .url, origin: canonical.authority ?? Array(url.utf8), target: target), marks)
    }

    /// The variants that are not named by the URL, which need not even be one.
    private init(
        _ variant: Variant, _ name: [UInt8], _ taskID: TaskID, _ digest: Digest?, _ url: String, _ marks: Marks,
        _ filter: QueryFilter, isAnyTarget: Bool
    ) {
        let parsed = try? ParsedURL(url)
        self.variant = variant
        self.digest = digest
        self.taskID = taskID
        pieceLength = marks.pieceLength
        let canonical = parsed.map { CanonicalURL($0, writtenAs: url, filter: filter) }
        canonicalURL = filter.isEmpty ? url : canonical?.text(insteadOf: url) ?? url
        let origin = canonical?.authority ?? Array(url.utf8)
        let target = isAnyTarget ? nil : parsed.map { _ in RequestTarget(of: url, filter: filter).octets }
        self.target = target.map { String(decoding: $0, as: UTF8.self) }
        storeKey = StoreKey(.init(variant: variant, text: name, origin: origin, target: target), marks)
        sharedName = isAnyTarget ? nil : SharedName(variant, name, digest, origin, marks)
        credentialParameters = (isAnyTarget ? parsed?.parameters : canonical?.omitted) ?? []
    }
}

extension TaskIdentity {
    /// Refuses what other programs accept but can't be served safely.
    ///
    /// - Throws: ``IdentityError/digestNotHexadecimal(_:)``, ``IdentityError/pieceLengthOutOfRange(_:)``.
    public func validateForServing() throws(IdentityError) {
        if let digest, !digest.isHexadecimal { throw .digestNotHexadecimal(digest.description) }
        if let pieceLength, !PieceLayout.allowedPieceLengths.contains(Int64(clamping: pieceLength)) {
            throw .pieceLengthOutOfRange(pieceLength)
        }
    }
}

extension ParsedURL {
    /// Those of the query that may be credentials.
    fileprivate var parameters: [UInt8] { query.map { CanonicalQuery(omittingAllOf: $0).omitted } ?? [] }
}

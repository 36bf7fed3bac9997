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
    /// The URL as the WHATWG rules and Dragonfly's filter write it. Not for fetching: that needs the exact URL.
    public let canonicalURL: String
    /// For the variants that are named by one.
    public let digest: Digest?
    /// In bytes, as the client fixed it.
    public let pieceLength: UInt64?
    /// Possible credentials that are not in the key: filtered query parameters other than `ns`, raw, joined by `&`.
    ///
    /// The key of a task named by digest or content holds nothing of the URL, so there it is the whole query but `ns`,
    /// preceded by the user info.
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
        if let content {
            self.init(.content, content, nil, url, marks, filter)
        } else if usesBlobDigest, let (variant, digest) = try TaskIdentity.digest(of: url) {
            self.init(variant, digest.description, digest, url, marks, filter)
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
        storeKey = StoreKey(variant: .url, name: canonical.text, origin: nil, marks: marks)
    }

    /// The variants that are not named by the URL, which need not even be one.
    private init(
        _ variant: Variant, _ name: String, _ digest: Digest?, _ url: String, _ marks: Marks, _ filter: QueryFilter
    ) {
        let parsed = try? ParsedURL(url)
        self.variant = variant
        self.digest = digest
        pieceLength = marks.pieceLength
        let canonical = filter.isEmpty ? nil : parsed.map { CanonicalURL($0, writtenAs: url, filter: filter) }
        canonicalURL = canonical?.text(insteadOf: url) ?? url
        credentialParameters = parsed?.partsOutsideDigest ?? []
        taskID = digest.map { TaskID($0.encoded) } ?? TaskID(sha256: .sha256(of: Array(name.utf8)))
        storeKey = StoreKey(
            variant: variant, name: Array(name.utf8), origin: parsed?.origin ?? Array(url.utf8), marks: marks)
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
    /// Possible credentials when only the URL's origin is in the key.
    fileprivate var partsOutsideDigest: [UInt8] {
        userInfo + (query.map { CanonicalQuery(omittingAllOf: $0).omitted } ?? [])
    }
}

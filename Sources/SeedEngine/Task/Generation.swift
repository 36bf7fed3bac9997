import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// One version of a task's bytes, named by its validator.
struct Generation: Sendable, Equatable {
    /// Counts the generations of this task in this life; streams of an older one never get bytes of a newer one.
    var epoch: Int
    var layout: PieceLayout
    var validator: Validator
    var headers: HTTPFields {
        didSet { stated = StatedFreshness(headers) }
    }
    /// What `headers` say.
    private var stated: StatedFreshness
    /// When the origin made or last confirmed its response.
    var fetchedAt: Timestamp
    /// The content file's counter, once the file exists. Until then one flight runs at a time: it makes it.
    var counter: UInt64?
    /// The origin answered with 200 to a range: every request starts at offset 0, so there is one flight at a time
    /// (rule:origin-without-ranges).
    var isSequential = false
    /// The bytes under this name never change (a digest, or the rule).
    var isImmutable = false
    /// The SHA-256 or SHA-512 that the whole object must have; nil if none was given.
    var digest: Digest?
    /// Every byte was held and had that digest, and none was fetched since.
    var isProven = false

    init(
        epoch: Int, layout: PieceLayout, validator: Validator, headers: HTTPFields, fetchedAt: Timestamp,
        counter: UInt64? = nil, isSequential: Bool = false, isImmutable: Bool = false, digest: Digest? = nil,
        isProven: Bool = false
    ) {
        self.epoch = epoch
        self.layout = layout
        self.validator = validator
        self.headers = headers
        stated = StatedFreshness(headers)
        self.fetchedAt = fetchedAt
        self.counter = counter
        self.isSequential = isSequential
        self.isImmutable = isImmutable
        self.digest = digest
        self.isProven = isProven
    }

    var length: Int64 { layout.contentLength }
    var isOneResponse: Bool { Self.isOneResponse(validator, isImmutable: isImmutable) }

    /// Without a validator separate responses may mix versions: one response is all there can be
    /// (rule:version-validator).
    static func isOneResponse(_ validator: Validator, isImmutable: Bool) -> Bool {
        validator == .none && !isImmutable
    }

    var flags: TaskFlags {
        var flags: TaskFlags = []
        if isOneResponse { flags.insert(.singleResponse) }
        if isImmutable { flags.insert(.immutable) }
        if isSequential { flags.insert(.noRanges) }
        if isProven { flags.insert(.proven) }
        return flags
    }

    /// False if it must not be served stale, even while the origin is down.
    var mayServeStale: Bool { stated.mayServeStale }

    /// Whether the origin is due to be asked again.
    func isStale(now: Timestamp, rule: FreshnessRule) -> Bool {
        Freshness(stated, madeAt: fetchedAt, rule: rule).lifetime.map { now - fetchedAt >= $0 } ?? false
    }
}

extension Validator {
    /// As the index keeps it.
    init(etag: String?, lastModified: String?, length: Int64) {
        if let etag {
            self = .etag(HTTPField.Value(etag))
        } else if let lastModified {
            self = .lastModified(HTTPField.Value(lastModified), length: length)
        } else {
            self = .none
        }
    }

    var etag: String? {
        if case .etag(let tag) = self { tag.text } else { nil }
    }

    var lastModified: String? {
        if case .lastModified(let date, _) = self { date.text } else { nil }
    }
}

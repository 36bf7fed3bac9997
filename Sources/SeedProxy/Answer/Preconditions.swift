import HTTPTypes
import SeedOrigin

/// What a stored answer offers to compare with.
struct StoredValidators: Equatable {
    var etag: EntityTag?
    /// As the origin wrote it.
    var lastModified: String?
    /// Of `lastModified`, since 1970; nil if it is no date.
    var modifiedSecond: Int64?
    /// When the answer came, since 1970.
    var storedSecond: Int64

    init(headers: HTTPFields, storedAt milliseconds: Int64) {
        etag = headers[.eTag].flatMap { EntityTag($0) }
        lastModified = headers[.lastModified]
        modifiedSecond = lastModified.flatMap(HTTPDate.seconds)
        storedSecond = milliseconds / 1000
    }

    /// Whether the object cannot have changed again under the same date (RFC 9110 §8.8.2.2).
    fileprivate var isDateStrong: Bool { modifiedSecond.map { $0 + 60 <= storedSecond } ?? false }
}

/// The conditions of one request, judged in the order of RFC 9110 §13.2.2.
struct Preconditions {
    enum Verdict: Equatable {
        case serve
        /// `If-Range` names another version: answer as if no range had been asked for.
        case serveWhole
        case notModified
        case failed
    }

    static let fields = FieldIDSet(.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange)

    var ifMatch: String?
    var ifNoneMatch: String?
    var ifModifiedSince: String?
    var ifUnmodifiedSince: String?
    var ifRange: String?

    init() {}

    init(_ head: RequestHead) {
        ifMatch = head.list(of: .ifMatch)
        ifNoneMatch = head.list(of: .ifNoneMatch)
        ifModifiedSince = head.list(of: .ifModifiedSince)
        ifUnmodifiedSince = head.list(of: .ifUnmodifiedSince)
        ifRange = head.list(of: .ifRange)
    }

    /// - Parameter hasRange: a range that is understood was asked for, by GET.
    func judge(_ stored: StoredValidators, hasRange: Bool) -> Verdict {
        if let ifMatch {
            guard matches(ifMatch, stored, by: { $0.matchesStrongly($1) }) else { return .failed }
        } else if isModifiedAfterLimit(stored) {
            return .failed
        }
        if let ifNoneMatch {
            if matches(ifNoneMatch, stored, by: { $0.matchesWeakly($1) }) { return .notModified }
        } else if isUnmodified(stored) {
            return .notModified
        }
        guard hasRange, let ifRange else { return .serve }
        return names(ifRange, stored) ? .serve : .serveWhole
    }

    private func matches(_ text: String, _ stored: StoredValidators, by equal: (EntityTag, EntityTag) -> Bool) -> Bool {
        switch EntityTagList(text) {
        case .any: true
        case .tags(let tags): stored.etag.map { etag in tags.contains { equal($0, etag) } } ?? false
        case nil: false
        }
    }

    /// A condition on a date counts only if both dates are ones.
    private func isModifiedAfterLimit(_ stored: StoredValidators) -> Bool {
        guard let limit = ifUnmodifiedSince.flatMap(HTTPDate.seconds), let modified = stored.modifiedSecond
        else { return false }
        return modified > limit
    }

    private func isUnmodified(_ stored: StoredValidators) -> Bool {
        guard let limit = ifModifiedSince.flatMap(HTTPDate.seconds), let modified = stored.modifiedSecond
        else { return false }
        return modified <= limit
    }

    /// RFC 9110 §13.1.5: a strong tag, or exactly the stored date if that is a strong validator.
    private func names(_ text: String, _ stored: StoredValidators) -> Bool {
        if let tag = EntityTag(text) { return stored.etag.map(tag.matchesStrongly) ?? false }
        return stored.isDateStrong && text == stored.lastModified
    }
}

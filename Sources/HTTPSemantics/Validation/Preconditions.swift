/// The conditions of one request, evaluated in the order of RFC 9110 §13.2.2.
package struct Preconditions: Sendable {
    package enum Outcome: Equatable, Sendable {
        case serve
        /// `If-Range` names another version: answer as if no range had been asked for.
        case serveWhole
        case notModified
        case failed
    }

    package var ifMatch: HTTPField.Value?
    package var ifNoneMatch: HTTPField.Value?
    package var ifModifiedSince: HTTPField.Value?
    package var ifUnmodifiedSince: HTTPField.Value?
    package var ifRange: HTTPField.Value?

    /// No condition.
    package init() {}

    /// - Parameter list: the values of all fields of a name, as one list (RFC 9110 §5.3); nil if there is none.
    package init(_ list: (FieldID) -> HTTPField.Value?) {
        ifMatch = list(.ifMatch)
        ifNoneMatch = list(.ifNoneMatch)
        ifModifiedSince = list(.ifModifiedSince)
        ifUnmodifiedSince = list(.ifUnmodifiedSince)
        ifRange = list(.ifRange)
    }

    package init(_ fields: HTTPFields) {
        self.init { fields[content: HTTPField.Name($0)] }
    }

    /// - Parameter hasRange: a range that is understood was asked for, by GET.
    package func evaluate(_ stored: StoredValidators, hasRange: Bool) -> Outcome {
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

    private func matches(
        _ list: HTTPField.Value, _ stored: StoredValidators, by equal: (EntityTag, EntityTag) -> Bool
    ) -> Bool {
        switch EntityTagList(list.octets) {
        case .any: true
        case .tags(let tags): stored.etag.map { etag in tags.contains { equal($0, etag) } } ?? false
        case nil: false
        }
    }

    /// A date condition counts only if both dates are valid.
    private func isModifiedAfterLimit(_ stored: StoredValidators) -> Bool {
        guard let limit = ifUnmodifiedSince.flatMap({ HTTPDate.seconds($0) }), let modified = stored.modifiedSecond
        else { return false }
        return modified > limit
    }

    private func isUnmodified(_ stored: StoredValidators) -> Bool {
        guard let limit = ifModifiedSince.flatMap({ HTTPDate.seconds($0) }), let modified = stored.modifiedSecond
        else { return false }
        return modified <= limit
    }

    /// RFC 9110 §13.1.5: a strong tag, or exactly the stored date if that is a strong validator.
    private func names(_ value: HTTPField.Value, _ stored: StoredValidators) -> Bool {
        if let tag = EntityTag(value) { return stored.etag.map(tag.matchesStrongly) ?? false }
        return stored.isDateStrong && value == stored.lastModified
    }
}

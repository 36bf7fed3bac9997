/// Identifies one version of an object's bytes, so that several responses may be combined.
package enum Validator: Hashable, Sendable {
    /// A strong entity tag, with its quotes.
    case etag(HTTPField.Value)
    /// `Last-Modified` as the origin wrote it, strong only together with the length.
    case lastModified(HTTPField.Value, length: Int64)
    /// Nothing proves that two responses are of the same version. Weak entity tags prove nothing about bytes.
    case none

    /// Of a response about an object of `length` bytes. A Last-Modified counts only if it is at least a minute older
    /// than the response's Date, as the object may change again within that second (RFC 9110 §8.8.2.2).
    package init(_ fields: HTTPFields, length: Int64?) {
        if let etag = fields.strongETag {
            self = .etag(etag)
        } else if let length, let modified = fields.first(.lastModified), let date = fields.first(.date),
            let modifiedAt = HTTPDate.seconds(modified), let toldAt = HTTPDate.seconds(date),
            HTTPDate.isStrong(modified: modifiedAt, toldAt: toldAt)
        {
            self = .lastModified(modified, length: length)
        } else {
            self = .none
        }
    }

    /// What a request for more of this version must carry (RFC 9110 §13.1).
    package var spanCondition: RequestCondition {
        switch self {
        case .etag(let tag): .ifMatch(tag)
        case .lastModified(let date, _): .ifUnmodifiedSince(date)
        case .none: .none
        }
    }

    /// The condition for resuming after a cut: if the object has changed, the whole of it comes.
    package var resumeCondition: RequestCondition {
        switch self {
        case .etag(let tag): .ifRange(tag)
        case .lastModified(let date, _): .ifRange(date)
        case .none: .none
        }
    }
}

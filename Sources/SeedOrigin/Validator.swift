import HTTPTypes

/// What names one version of an object's bytes, so that separate answers may be put together.
package enum Validator: Hashable, Sendable {
    /// A strong entity tag, with its quotes.
    case etag(String)
    /// `Last-Modified` as the origin wrote it, strong only together with the length.
    case lastModified(String, length: Int64)
    /// Nothing proves that two answers are of the same version. Weak entity tags prove nothing about bytes.
    case none

    /// Of an answer about an object of `length` bytes. A Last-Modified counts only if it is at least a minute older
    /// than the answer's Date, as the object may change again within that second (RFC 9110 §8.8.2.2).
    package init(_ head: OriginHead, length: Int64?) {
        if let etag = head.strongETag {
            self = .etag(etag)
        } else if let length, let modified = head[first: .lastModified], let date = head[first: .date],
            let modifiedAt = HTTPDate.seconds(modified), let answeredAt = HTTPDate.seconds(date),
            modifiedAt <= answeredAt - 60
        {
            self = .lastModified(modified, length: length)
        } else {
            self = .none
        }
    }

    /// What a request for more of this version must carry (RFC 9110 §13.1).
    package var spanCondition: OriginCondition {
        switch self {
        case .etag(let tag): .ifMatch(tag)
        case .lastModified(let date, _): .ifUnmodifiedSince(date)
        case .none: .none
        }
    }

    /// What a request that goes on after a cut carries: the whole object comes if it has changed.
    package var resumeCondition: OriginCondition {
        switch self {
        case .etag(let tag): .ifRange(tag)
        case .lastModified(let date, _): .ifRange(date)
        case .none: .none
        }
    }
}

extension OriginHead {
    /// The entity tag, with its quotes; nil if weak, absent, repeated differently or malformed (RFC 9110 §8.8.3).
    package var strongETag: String? {
        let tags = Set(headers[values: .eTag])
        guard tags.count == 1, let tag = tags.first, tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"")
        else { return nil }
        let inside = tag.utf8.dropFirst().dropLast()
        return inside.allSatisfy { $0 != UInt8(ascii: "\"") && $0 > 0x20 && $0 != 0x7f } ? tag : nil
    }
}

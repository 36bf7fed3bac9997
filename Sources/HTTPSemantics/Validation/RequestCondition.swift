/// The precondition that a request of ours carries (RFC 9110 §13.1). Values are sent as they are: entity tags with their
/// quotes, dates as the origin wrote them.
package enum RequestCondition: Hashable, Sendable {
    case none
    case ifMatch(HTTPField.Value)
    case ifUnmodifiedSince(HTTPField.Value)
    case ifRange(HTTPField.Value)
    case ifNoneMatch(HTTPField.Value)
    case ifModifiedSince(HTTPField.Value)

    /// Whether this revalidates a known version. Such a request starts at the original URL, as a redirect may lead
    /// elsewhere by now.
    package var isRevalidation: Bool {
        switch self {
        case .ifNoneMatch, .ifModifiedSince: true
        case .none, .ifMatch, .ifUnmodifiedSince, .ifRange: false
        }
    }

    /// The field that states this condition.
    package var field: HTTPField? {
        switch self {
        case .none: nil
        case .ifMatch(let tag): HTTPField(name: .ifMatch, content: tag)
        case .ifUnmodifiedSince(let date): HTTPField(name: .ifUnmodifiedSince, content: date)
        case .ifRange(let validator): HTTPField(name: .ifRange, content: validator)
        case .ifNoneMatch(let tag): HTTPField(name: .ifNoneMatch, content: tag)
        case .ifModifiedSince(let date): HTTPField(name: .ifModifiedSince, content: date)
        }
    }
}

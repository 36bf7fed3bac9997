import DragonflyIdentity
import HTTPTypes

/// The header lines that an `OriginRequest` is sent with.
struct RequestLines {
    /// Name and value bytes, in order; an empty value is sent as such.
    private(set) var fields: [HTTPField] = []

    /// - Parameter crossedOrigins: a redirect has led away from the origin that the headers were meant for.
    init(_ request: OriginRequest, userAgent: String, crossedOrigins: Bool) {
        for field in request.headers where !Self.ours.contains(field.name) && field.name != .cookie {
            if !crossedOrigins || Self.impersonal.contains(field.name) { fields.append(field) }
        }
        if !crossedOrigins, let cookies = request.headers[.cookie] {
            // HTTP/1.1 wants one Cookie field, HTTPFields may hold it split.
            fields.append(HTTPField(name: .cookie, value: cookies))
        }
        if !fields.contains(where: { $0.name == .userAgent }) {
            fields.append(HTTPField(name: .userAgent, value: userAgent))
        }
        fields.append(HTTPField(name: .acceptEncoding, value: "identity"))
        if let range = request.range { fields.append(HTTPField(name: .range, value: "bytes=\(range)")) }
        if let condition = request.condition.field { fields.append(condition) }
    }

    /// Decided by us or by curl, never copied; proxy credentials are meant for us alone.
    private static let ours: Set<HTTPField.Name> = [
        .connection, .contentLength, .transferEncoding, .te, .trailer, .upgrade, .expect, .proxyAuthorization,
        .acceptEncoding, .range, .ifMatch, .ifNoneMatch, .ifRange, .ifModifiedSince, .ifUnmodifiedSince,
        named("Host"), named("Keep-Alive"), named("Proxy-Connection"),
    ]

    /// What may follow a redirect to another origin. A list of what is safe, because anything else (`Authorization`,
    /// `X-Auth-Token`, `X-Amz-Security-Token`, `Referer`…) may prove a right.
    /// `Via` goes along, or a way that leads back to us would not be known as one.
    private static let impersonal: Set<HTTPField.Name> = [.accept, .acceptLanguage, .userAgent, .cacheControl, .via]

    private static func named(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name)!  // constant tokens
    }
}

extension OriginCondition {
    /// The field that states this condition.
    var field: HTTPField? {
        switch self {
        case .none: nil
        case .ifMatch(let tag): HTTPField(name: .ifMatch, value: tag)
        case .ifUnmodifiedSince(let date): HTTPField(name: .ifUnmodifiedSince, value: date)
        case .ifRange(let validator): HTTPField(name: .ifRange, value: validator)
        case .ifNoneMatch(let tag): HTTPField(name: .ifNoneMatch, value: tag)
        case .ifModifiedSince(let date): HTTPField(name: .ifModifiedSince, value: date)
        }
    }
}

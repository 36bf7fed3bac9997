package import DragonflyIdentity
package import HTTPTypes

/// One request to an origin.
package struct OriginRequest: Sendable {
    package enum Method: Hashable, Sendable {
        case get
        case head
    }

    /// Absolute http or https URL, sent byte for byte. Userinfo in it is refused.
    package var url: String
    /// The headers to send; `Range`, conditional fields and `Accept-Encoding` come from the fields below instead,
    /// and connection fields (`Host`, `Connection`, `Transfer-Encoding`…) are left out.
    package var headers: HTTPFields
    package var method: Method
    package var range: RangeSpec?
    package var condition: OriginCondition
    /// Under whose right the request runs. The proving headers themselves are among `headers`.
    package var credential: Credential
    package var priority: OriginPriority

    package init(
        url: String, headers: HTTPFields = [:], method: Method = .get, range: RangeSpec? = nil,
        condition: OriginCondition = .none, credential: Credential = .anonymous, priority: OriginPriority = .demand
    ) {
        self.url = url
        self.headers = headers
        self.method = method
        self.range = range
        self.condition = condition
        self.credential = credential
        self.priority = priority
    }
}

/// The precondition a request carries (RFC 9110 §13.1). Values are sent as they are: entity tags with their quotes,
/// dates as the origin wrote them.
package enum OriginCondition: Hashable, Sendable {
    case none
    case ifMatch(String)
    case ifUnmodifiedSince(String)
    case ifRange(String)
    case ifNoneMatch(String)
    case ifModifiedSince(String)

    /// Whether this asks if a known version is still the one. Such a request goes by way of the first URL, as a redirect
    /// may lead elsewhere by now.
    package var isRevalidation: Bool {
        switch self {
        case .ifNoneMatch, .ifModifiedSince: true
        case .none, .ifMatch, .ifUnmodifiedSince, .ifRange: false
        }
    }
}

/// The order in which waiting requests to a busy origin host are started.
package enum OriginPriority: Int, Hashable, Sendable, Comparable, CaseIterable {
    /// A client waits for these bytes.
    case demand
    /// The rest of a piece that was touched.
    case completion
    case prefetch

    package static func < (a: OriginPriority, b: OriginPriority) -> Bool { a.rawValue < b.rawValue }
}

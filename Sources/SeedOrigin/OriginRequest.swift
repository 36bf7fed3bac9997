package import HTTPSemantics

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
    package var condition: RequestCondition
    /// The credential that the request runs under. Its fields are among `headers`.
    package var credential: Credential
    package var priority: OriginPriority

    package init(
        url: String, headers: HTTPFields = [:], method: Method = .get, range: RangeSpec? = nil,
        condition: RequestCondition = .none, credential: Credential = .anonymous, priority: OriginPriority = .demand
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

extension OriginRequest {
    /// Bytes that the range asks for; nil if unknown.
    var expectedLength: Int64? {
        switch range {
        case .bounded(let first, let last): min(last, .max - 1) - first + 1
        case .suffix(let count): count
        case .from, nil: nil
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

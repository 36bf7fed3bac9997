package import HTTPSemantics
package import SeedSupport

/// One route of a small port.
package struct Route: Sendable {
    package typealias Completion = @Sendable (RouteResponse) -> Void

    enum Handler: Sendable {
        case now(@Sendable (RouteRequest) -> RouteResponse)
        case later(@Sendable (RouteRequest, @escaping Completion) -> Void)
    }

    let method: HTTPMethod
    let path: RoutePath
    let handler: Handler

    /// - Parameters:
    ///   - path: such as `/tasks/{id}/pin`; at most one segment in braces, which stands for any that isn't empty.
    ///   - handler: called on an event loop, so it must be quick.
    package init(_ method: HTTPMethod, _ path: String, _ handler: @escaping @Sendable (RouteRequest) -> RouteResponse) {
        self.method = method
        self.path = RoutePath(path)
        self.handler = .now(handler)
    }

    /// - Parameter handler: called on an event loop; calls its second argument once, on any thread. If that is released
    ///   uncalled, the response is 500.
    package init(
        _ method: HTTPMethod, _ path: String,
        later handler: @escaping @Sendable (RouteRequest, @escaping Completion) -> Void
    ) {
        self.method = method
        self.path = RoutePath(path)
        self.handler = .later(handler)
    }
}

/// A path with at most one part that stands for anything.
struct RoutePath: Equatable, Sendable {
    private let segments: [Substring]

    init(_ text: String) {
        segments = Self.split(text)
    }

    private static func split(_ text: String) -> [Substring] {
        text.split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func isParameter(_ segment: Substring) -> Bool { segment.first == "{" && segment.last == "}" }

    /// - Returns: nil if it is another path; else what stands in the place of the parameter, if there is one.
    func match(_ text: String) -> (parameter: String?, Void)? {
        let parts = Self.split(text)
        guard parts.count == segments.count else { return nil }
        var parameter: String?
        for (part, segment) in zip(parts, segments) {
            if Self.isParameter(segment), !part.isEmpty {
                parameter = String(part)
            } else if part != segment {
                return nil
            }
        }
        return (parameter, ())
    }
}

/// A request as routes see it.
package struct RouteRequest: Sendable {
    package let head: RequestHead
    /// What stands in the place of the path's parameter, octets as they came; empty if it has none.
    package let parameter: String
    package let body: Bytes

    /// Without its question mark; empty if there is none.
    package var query: Substring { head.text(head.query).dropFirst() }
}

/// A route's response.
package struct RouteResponse: Sendable {
    package var status: HTTPStatus
    package var fields: HTTPFields
    package var body: Bytes

    package init(_ status: HTTPStatus, fields: HTTPFields = [:], body: Bytes = Bytes()) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// - Parameter type: the media type.
    package static func text(
        _ text: String, status: HTTPStatus = .ok, type: String = "text/plain; charset=utf-8"
    ) -> RouteResponse {
        RouteResponse(status, fields: [.contentType: type], body: Bytes(text))
    }
}

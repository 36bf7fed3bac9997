import HTTPSemantics

/// What a small port can do, by method and path.
package struct RouteTable: Sendable {
    enum Match {
        case route(Route, parameter: String)
        /// The path is there, for these methods.
        case otherMethods([HTTPMethod])
        case none
    }

    private let routes: [Route]

    /// - Parameter routes: the first match is taken.
    package init(_ routes: [Route]) {
        self.routes = routes
    }

    /// - Parameter method: HEAD is served by the route for GET; the body is left out when it is sent.
    func match(_ method: String, _ path: String) -> Match {
        let method = method == "HEAD" ? "GET" : method
        var others: [HTTPMethod] = []
        for route in routes {
            guard let (parameter, _) = route.path.match(path) else { continue }
            if route.method.rawValue == method { return .route(route, parameter: parameter ?? "") }
            others.append(route.method)
            if route.method == .get { others.append(.head) }
        }
        return others.isEmpty ? .none : .otherMethods(others)
    }
}

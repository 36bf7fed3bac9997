/// How a connection reaches whom it is for. Connections of one route can stand in for each other.
struct Route: Hashable, Sendable {
    /// Where the TCP connection goes.
    let endpoint: Endpoint
    /// Whom a tunnel leads to, through a `CONNECT` at `endpoint`.
    let tunnel: Endpoint?
    /// The `Proxy-Authorization` with which the tunnel is asked for: nobody else's requests go through it.
    let authorization: String?
    let isSecure: Bool
    /// Whether `endpoint` is a seed peer, whose certificates may be its own.
    let isPeer: Bool

    /// Through a seed peer: `http` in absolute form, `https` through a tunnel.
    /// - Parameter authorization: for the tunnel.
    init(to target: RequestTarget, through peer: Endpoint, authorization: String? = nil) {
        endpoint = peer
        tunnel = target.isSecure ? target.endpoint : nil
        self.authorization = target.isSecure ? authorization : nil
        isSecure = target.isSecure
        isPeer = true
    }

    /// Straight to the origin.
    init(directlyTo target: RequestTarget) {
        endpoint = target.endpoint
        tunnel = nil
        authorization = nil
        isSecure = target.isSecure
        isPeer = false
    }

    /// What stands in the request line.
    func requestTarget(of target: RequestTarget) -> String {
        isPeer && !isSecure ? target.absoluteForm : target.originForm
    }

    /// For messages to people.
    var name: String { isPeer ? endpoint.url : "origin" }

    /// Whose name the certificate must carry.
    var server: Endpoint { tunnel ?? endpoint }
}

/// The proxy's settings. Nothing in here is read again after the start.
package struct ProxyConfiguration: Sendable, Equatable {
    /// Address to listen on (`proxy.server.ip`).
    package var host = "0.0.0.0"
    /// Port to listen on, 0–65535; 0 lets the system choose (`proxy.server.port`).
    package var port = 4001
    /// Tried in order; the first that matches decides (`proxy.rules`).
    package var rules: [ProxyRule] = []
    /// The registry meant by requests in origin form that name none, a URL; nil refuses them (`proxy.registryMirror.addr`).
    package var registryMirror: String?
    /// Blob and manifest URLs name their task by digest if the request doesn't say otherwise
    /// (`proxy.registryMirror.enableTaskIDBasedBlobDigest`).
    package var usesBlobDigest = false
    /// How long an answer is fresh whose origin and rule don't say; zero means for ever (`proxy.revalidateAfter`).
    package var revalidateAfter: Duration = .seconds(300)
    /// Whether the rest of an object is fetched after a range of it, where the request doesn't say (`proxy.prefetch`).
    package var prefetch = false
    /// Told to clients as `X-Dragonfly-Server-IP` (`host.ip`).
    package var serverIP = "127.0.0.1"
    /// Our name in `Via` and `Cache-Status`; a request that carries it in `Via` has been here before.
    package var name = "seed-peer"
    /// Open client connections; more are closed as soon as they are accepted.
    package var connectionLimit = 16_384
    /// Open connections of one client address; 0 means no limit (`proxy.server.connectionsPerClient`).
    package var connectionsPerClient = 0
    /// Requests a second, over all clients; 0 means no limit (`proxy.server.requestRateLimit`).
    package var requestRateLimit = 0
    /// Credentials that every request must carry (`proxy.server.basicAuth`).
    package var basicAuth: BasicAuth?
    /// A socket that listens already, instead of one at `host` and `port`.
    package var inheritedSocket: Int32?
    /// Requests to refuse from the start (`proxy.blockList`).
    package var blockList = BlockList()
    /// How long a connection may be without a request.
    package var idleTimeout: Duration = .seconds(75)
    /// How long a request head may take from its first byte to its last.
    package var headTimeout: Duration = .seconds(15)
    /// How long a request's body may stop coming.
    package var bodyTimeout: Duration = .seconds(60)
    /// How long a client may take no byte of its answer.
    package var stallTimeout: Duration = .seconds(300)
    /// How long an answered connection may go on sending before it is cut.
    package var lingerTimeout: Duration = .seconds(5)

    package init() {}
}

package import HTTPServer
package import SeedEngine
package import SeedSupport

/// The proxy's settings. Nothing in here is read again after the start.
package struct ProxyConfiguration: Sendable, Equatable {
    /// The data port and what it grants its clients (`proxy.server`).
    package var server = ServerConfiguration(addresses: [SocketAddress(.any, port: 4001)])
    /// Tried in order; the first that matches decides (`proxy.rules`).
    package var rules: [ProxyRule] = []
    /// The registry meant by requests in origin form that name none, a URL; nil refuses them (`proxy.registryMirror.addr`).
    package var registryMirror: String? = "https://index.docker.io"
    /// Blob and manifest URLs name their task by digest unless the request says otherwise
    /// (`proxy.registryMirror.enableTaskIDBasedBlobDigest`).
    package var usesBlobDigest = false
    /// Where neither the origin nor a rule says how long a response is fresh.
    package var freshness = FreshnessRule()
    /// Whether the rest of an object is fetched after a range of it, where the request doesn't say (`proxy.prefetch`).
    package var prefetch = false
    /// Told to clients as `X-Dragonfly-Server-IP` (`host.ip`); nil: nothing is told.
    package var serverIP: String?
    /// Our name in `Via` and `Cache-Status`; a request that carries it in `Via` has been here before.
    package var name = "seed-peer"
    /// Requests a second, over all clients; 0 means no limit (`proxy.server.requestRateLimit`).
    package var requestRateLimit = 0
    /// Credentials that every request must carry (`proxy.server.basicAuth`).
    package var basicAuth = BasicAuth()
    /// Requests to refuse from the start (`proxy.blockList`).
    package var blockList = BlockList()

    package init() {}

    /// Where the data port listens; port 0 lets the system choose.
    package var address: SocketAddress {
        get { server.addresses[0] }
        set { server.addresses = [newValue] }
    }
}

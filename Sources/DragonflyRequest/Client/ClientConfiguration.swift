/// How a client behaves. Everything has a default; a client checks the values when it is made.
public struct ClientConfiguration: Sendable {
    /// How often a failed request is tried again, and when.
    public var retry: RetryPolicy
    /// The limit of a connection to a seed peer, tunnel and TLS included; more than 0.
    public var connectTimeout: Duration
    /// How long a seed peer may send no byte, before the first one or between two; more than 0. Then it is asked whether
    /// it answers other requests. If so its origin is slow, and the request waits on; else the next seed peer is asked,
    /// and this one is left alone until it answers again.
    public var firstByteTimeout: Duration
    /// Connections kept open and unused to one seed peer, 0 to 1024.
    public var idleConnectionsPerPeer: Int
    /// How long an unused connection is kept; more than 0.
    public var idleConnectionTimeout: Duration
    /// Whose certificates are trusted for `https` URLs, which seed peers serve in the origin's place.
    public var trust: PeerTrust
    /// Goes on with the rest of a broken body at the next seed peer, if the response named its version by a strong
    /// `ETag`.
    public var resumesBrokenBodies: Bool
    /// Asks the origin directly when no seed peer could be used. Never after a response of the origin.
    public var fallsBackToOrigin: Bool
    /// Receives events; see ``RequestCounters``.
    public var metrics: (any RequestMetrics)?

    /// Accepts any values: the clients throw ``DragonflyError/invalidArgument(_:)`` for invalid ones.
    public init(
        retry: RetryPolicy = RetryPolicy(), connectTimeout: Duration = .seconds(30),
        firstByteTimeout: Duration = .seconds(10), idleConnectionsPerPeer: Int = 64,
        idleConnectionTimeout: Duration = .seconds(90), trust: PeerTrust = .system, resumesBrokenBodies: Bool = true,
        fallsBackToOrigin: Bool = false, metrics: (any RequestMetrics)? = nil
    ) {
        self.retry = retry
        self.connectTimeout = connectTimeout
        self.firstByteTimeout = firstByteTimeout
        self.idleConnectionsPerPeer = idleConnectionsPerPeer
        self.idleConnectionTimeout = idleConnectionTimeout
        self.trust = trust
        self.resumesBrokenBodies = resumesBrokenBodies
        self.fallsBackToOrigin = fallsBackToOrigin
        self.metrics = metrics
    }

    func validate() throws(DragonflyError) {
        try retry.validate()
        guard (0...1024).contains(idleConnectionsPerPeer) else {
            throw .invalidArgument("idleConnectionsPerPeer is \(idleConnectionsPerPeer); 0 to 1024 is allowed")
        }
        guard connectTimeout > .zero else {
            throw .invalidArgument("connectTimeout is \(connectTimeout); more than 0 is allowed")
        }
        guard firstByteTimeout > .zero else {
            throw .invalidArgument("firstByteTimeout is \(firstByteTimeout); more than 0 is allowed")
        }
        guard idleConnectionTimeout > .zero else {
            throw .invalidArgument("idleConnectionTimeout is \(idleConnectionTimeout); more than 0 is allowed")
        }
    }
}

/// Which certificates are taken for `https` URLs. A seed peer ends the TLS connection itself, with a certificate it
/// makes for the origin's host; it checks the origin's own.
public enum PeerTrust: Hashable, Sendable {
    /// The system's authorities.
    case system
    /// The system's authorities and those in a PEM file: the seed peers' own.
    case authorityFile(String)
    /// The system's authorities and those in a PEM text.
    case authorityPEM(String)
    /// No verification: anyone on the path can read and change everything. For tests, and for seed peers without an
    /// authority.
    case unverified
}

/// Receives a client's events, for whatever metrics library the program uses.
///
/// Called from any thread and often: return at once.
public protocol RequestMetrics: Sendable {
    func record(_ event: RequestEvent)
}

/// Something worth counting.
public enum RequestEvent: Hashable, Sendable {
    /// A request is sent; `endpoint` is the seed peer's, or the word `origin`.
    case attempt(endpoint: String)
    /// A 2xx head came, with what the seed peer says of its cache.
    case response(endpoint: String, cacheStatus: CacheStatus?)
    /// An attempt failed, in its head or in its body.
    case failure(endpoint: String, error: DragonflyError)
    /// A broken body goes on elsewhere, from that byte of the object on.
    case resumption(endpoint: String, offset: Int64)
    /// No seed peer could be used, and the origin is asked directly.
    case fallback
    /// Body bytes handed to the caller.
    case received(bytes: Int)
    /// The seed peers on the ring changed.
    case ring(seedPeers: [SeedPeer])
    /// Discovery failed; the last ring stays in use.
    case discoveryFailure(DragonflyError)
}

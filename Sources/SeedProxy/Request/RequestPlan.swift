/// How a request is answered. Depends only on its target, the `X-Dragonfly-*` fields and, for some, `Accept`.
enum RequestPlan {
    /// Through the cache.
    case cached(TaskTemplate)
    /// Straight from this URL.
    case passThrough(OriginURL)
    /// `OPTIONS *`, and other requests whose last recipient is this server.
    case own(OwnResponse)
    case refused(Refusal)
}

/// What this server says about itself.
enum OwnResponse {
    case options
    /// `TRACE` with no hops left: its echo could reveal credentials (RFC 9110 §9.3.8).
    case noTrace
}

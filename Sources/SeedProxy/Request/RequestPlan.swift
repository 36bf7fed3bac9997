/// How a request is answered. It depends on nothing but its target, the `X-Dragonfly-*` fields and, for some, `Accept`.
enum RequestPlan {
    /// Through the cache.
    case cached(TaskTemplate)
    /// Straight from this URL.
    case passThrough(OriginURL)
    /// `OPTIONS *`, and other requests whose last recipient is this server.
    case own(OwnAnswer)
    case refused(Refusal)
}

/// What this server says about itself.
enum OwnAnswer {
    case options
    /// `TRACE` that may go no further: what it would repeat may hold credentials (RFC 9110 §9.3.8).
    case noTrace
}

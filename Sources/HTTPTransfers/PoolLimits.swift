/// How many connections are kept open for reuse, and for how long.
package struct PoolLimits: Hashable, Sendable {
    /// Kept at most for each server, which is what is dialled: an origin's host and port, or a proxy's. 0: none is kept.
    package var idlePerServer = 64
    /// Kept at most in all.
    package var idleInAll = 256
    /// How long one may be idle. Looked at once a second.
    package var idleTimeout: Duration = .seconds(90)

    package init() {}
}

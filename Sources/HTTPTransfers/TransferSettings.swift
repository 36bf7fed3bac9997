import HTTPSemantics

/// What is the same for all transfers of a driver.
package struct TransferSettings: Sendable, Equatable {
    /// Name lookup, connection and TLS handshake together.
    package var connectTimeout: Duration = .seconds(10)
    /// How long nothing may move (`download.pieceTimeout`). A pause, and waiting for the request's body, don't count; there
    /// is no limit on the whole.
    package var noProgressTimeout: Duration = .seconds(360)
    /// Connections kept open for reuse.
    package var pool = PoolLimits()
    /// Name lookups at once: curl starts a thread for each.
    package var nameLookups = 64
    /// Longest heads of one exchange, interim ones and trailers included, in bytes.
    package var headLimit = MessageLimits.receivedHead
    /// Bytes that the receive buffers of all transfers may have, but for 4 KiB of each, which are not refused.
    package var receiveBuffers: Int64 = 256 << 20
    /// URL of the proxy for requests that name none (`backend.proxy`). Nil: none, whatever the environment says.
    package var proxy: String?
    /// PEM file of authorities that are trusted besides the system's (`backend.caCert`).
    package var certificateAuthorities: String?
    /// Directory of the system's authorities, named by hash as `openssl rehash` does. Nil: the one curl was built with.
    package var systemAuthorities: String?

    package init() {}
}

package import SeedSupport

/// Where a server listens, and what it grants its clients.
package struct ServerConfiguration: Sendable, Equatable {
    /// Port 0 lets the system choose.
    package var addresses: [SocketAddress]
    /// A socket that listens already; then nothing is opened at the addresses.
    package var inheritedSocket: Int32?
    /// Open connections; more are reset as soon as they are accepted.
    package var connectionLimit = 16_384
    /// Open connections of one client, an IPv4 address or an IPv6 /64; 0 means no limit.
    package var connectionsPerClient = 0
    /// Bytes of unfinished and waiting requests that all connections may hold together. While they hold more, each is
    /// limited to 4 KiB, and a longer unfinished head is answered with 503.
    package var heldInputLimit = 64 << 20
    package var timeouts = ConnectionTimeouts()

    package init(addresses: [SocketAddress]) {
        self.addresses = addresses
    }
}

/// How long a connection waits for its client. Each is late by up to an interval of the loop's tick.
package struct ConnectionTimeouts: Sendable, Equatable {
    /// How long a connection may be without a request.
    package var idle: Duration = .seconds(75)
    /// How long a request head may take from its first byte to its last.
    package var head: Duration = .seconds(15)
    /// How long a request's body may stop coming.
    package var body: Duration = .seconds(60)
    /// How long a client may take no byte of its response.
    package var stall: Duration = .seconds(300)
    /// How long a client may keep sending after its last response, before the connection is closed.
    package var linger: Duration = .seconds(5)

    package init() {}

    /// The shortest of them; a tick that is not much shorter keeps them all.
    package var shortest: Duration { [idle, head, body, stall, linger].min() ?? idle }
}

/// Why a transfer failed.
package struct TransferError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// No connection: the name did not resolve, or nothing answers there.
        case unreachable
        /// Nothing moved for longer than the limit.
        case timeout
        /// The body ended before the end it promised, or the connection broke.
        case cut
        /// The proxy was reached, and opens no tunnel.
        case noTunnel
        /// The handshake failed or the certificate is not trusted.
        case tls
        /// The dial policy forbids the address.
        case forbiddenAddress
        /// The dial policy says that the address is a listener of this program.
        case ownListener
        case badURL
        /// What came back is not an HTTP response that is accepted: garbage, heads too long, contradicting lengths.
        case badResponse
        /// Something on this side failed, such as running out of memory or descriptors.
        case local
    }

    package var kind: Kind
    /// A sentence for a person; holds no query values, no fields, no credentials.
    package var message: String
    /// Whether the request could be sent: failures before are failures to connect.
    package var hasConnected = false
    /// Whether a limit of time ended it, that of connecting or that of progress.
    package var isTimeout: Bool
    /// Of `noTunnel`: the proxy's response to CONNECT. Its body is lost, as curl hands out none.
    package var tunnelResponse: TransferHead?

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
        isTimeout = kind == .timeout
    }

    package var description: String { message }
}

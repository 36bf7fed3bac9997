import HTTPTransfers

/// Why a request failed.
package struct OriginError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// No connection: the name did not resolve, or nothing answers there.
        case unreachable
        /// Connected, then no byte for longer than the no-progress limit.
        case timeout
        /// The body ended before the end it promised, or the connection broke in the middle.
        case cut
        /// The handshake failed or the certificate is not trusted.
        case tls
        /// The address guard forbids the address.
        case blocked
        /// The address is one of our own listeners: the request would loop.
        case loop
        /// The host has failed so often that it is left alone until `retryAfter`.
        case circuitOpen
        case badURL
        /// What came back is not an HTTP response that is accepted: garbage, heads too long, contradicting lengths.
        case badResponse
        case tooManyRedirects
        /// A local resource ran out, such as memory or descriptors: retrying soon, or at another server, may work.
        case local
    }

    package var kind: Kind
    /// A sentence for a person; holds no query values, no headers, no credentials.
    package var message: String
    /// How long to wait before trying again, where that is known.
    package var retryAfter: Duration?

    package init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }

    package var description: String { message }

    /// Whether the same request may well succeed in a moment, or after `retryAfter`.
    package var isRetryable: Bool {
        switch kind {
        case .unreachable, .timeout, .cut, .circuitOpen: true
        case .tls, .blocked, .loop, .badURL, .badResponse, .tooManyRedirects, .local: false
        }
    }
}

extension OriginError {
    init(_ error: TransferError) {
        let kind: Kind =
            switch error.kind {
            case .unreachable, .noTunnel: .unreachable
            case .timeout: .timeout
            case .cut: .cut
            case .tls: .tls
            case .forbiddenAddress: .blocked
            case .ownListener: .loop
            case .badURL: .badURL
            case .badResponse: .badResponse
            case .local: .local
            }
        self.init(kind, error.kind == .noTunnel ? "\(error.message) (backend.proxy)" : error.message)
    }

    /// Whether the host may be at fault: it is unreachable or breaks connections.
    var isOfHost: Bool { [.unreachable, .timeout, .cut, .tls].contains(kind) }
}

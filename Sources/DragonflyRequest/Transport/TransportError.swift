import HTTPTransfers

/// What can go wrong between a request and its 2xx response.
enum TransportError: Error, Hashable, Sendable {
    /// There is no connection, or what came on it is no HTTP response.
    case noResponse(String)
    /// The connection or the response broke.
    case connection(String)
    /// Nothing that the server at the other end of the connection must have caused: something on this side, or TLS with
    /// an origin through a tunnel.
    case elsewhere(String)
    case timeout(String)
    /// No connection within its limit.
    case connectTimeout(String)
    /// Nothing came for a while. Unlike the others it ends nothing: the exchange goes on.
    case silence(String)
    case cancelled
    /// The URL names a host that cannot be dialled.
    case badURL(String)
    /// A response that is not 2xx came.
    case refused(DragonflyError)
}

extension TransportError {
    init(_ error: TransferError) {
        self =
            if let response = error.tunnelResponse {
                .refused(DragonflyError(status: response.status, headers: response.fields, message: ""))
            } else if error.isTimeout {
                error.hasConnected ? .timeout(error.message) : .connectTimeout(error.message)
            } else {
                switch error.kind {
                case .badURL: .badURL(error.message)
                case .tls: .elsewhere("TLS failed: \(error.message)")
                case .local: .elsewhere(error.message)
                case .unreachable, .badResponse: .noResponse(error.message)
                default: .connection(error.message)
                }
            }
    }

    /// What it says of the seed peer that was asked; nil for what says nothing.
    /// - Parameter hasBegun: the head of the response had come.
    func seedPeerFailure(hasBegun: Bool) -> SeedPeerFailure? {
        switch self {
        case .noResponse, .connectTimeout: .noResponse
        case .silence: .silence
        case .timeout: hasBegun ? .brokenBody : .timeout
        case .connection: hasBegun ? .brokenBody : .noResponse
        case .elsewhere, .cancelled, .badURL, .refused: nil
        }
    }
}

extension DragonflyError {
    /// - Parameter route: What is to blame in the message.
    init(_ error: TransportError, on route: Route) {
        func blaming(_ text: String) -> String { text.hasPrefix(route.name) ? text : "\(route.name): \(text)" }
        switch error {
        case .noResponse(let text), .connection(let text), .elsewhere(let text): self = .internal(blaming(text))
        case .timeout(let text), .connectTimeout(let text), .silence(let text): self = .timeout(blaming(text))
        case .cancelled: self = .cancelled
        case .badURL(let text): self = .invalidArgument(text)
        case .refused(let error): self = error
        }
    }
}

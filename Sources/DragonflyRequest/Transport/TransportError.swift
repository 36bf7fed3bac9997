import HTTPTransfers

/// What can go wrong between a request and its 2xx response.
enum TransportError: Error, Hashable, Sendable {
    case connection(String)
    case timeout(String)
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
                .timeout(error.message)
            } else {
                switch error.kind {
                case .badURL: .badURL(error.message)
                case .tls: .connection("TLS failed: \(error.message)")
                default: .connection(error.message)
                }
            }
    }
}

extension DragonflyError {
    /// - Parameter route: What is to blame in the message.
    init(_ error: TransportError, on route: Route) {
        func blaming(_ text: String) -> String { text.hasPrefix(route.name) ? text : "\(route.name): \(text)" }
        switch error {
        case .connection(let text): self = .internal(blaming(text))
        case .timeout(let text): self = .timeout(blaming(text))
        case .cancelled: self = .cancelled
        case .badURL(let text): self = .invalidArgument(text)
        case .refused(let error): self = error
        }
    }
}

import NIOCore
import NIOHTTP1
import NIOPosix

/// What can go wrong between a request and its 2xx answer.
enum TransportError: Error, Hashable, Sendable {
    case connection(String)
    /// A connection that served others before ended before it answered: ask again on a new one.
    case stale
    case timeout(String)
    case cancelled
    /// An answer that is not 2xx came.
    case refused(DragonflyError)
}

extension DragonflyError {
    /// - Parameter route: What is to blame in the message.
    init(_ error: TransportError, on route: Route) {
        switch error {
        case .connection(let text): self = .internal("\(route.name): \(text)")
        case .stale: self = .internal("\(route.name): the connection ended before it answered")
        case .timeout(let text): self = .timeout("\(route.name): \(text)")
        case .cancelled: self = .cancelled
        case .refused(let error): self = error
        }
    }
}

extension TransportError {
    var isOfConnection: Bool {
        if case .connection = self { true } else { false }
    }

    init(channelError error: any Error) {
        switch error {
        case let error as TransportError: self = error
        case let error as HTTPParserError where error == .invalidEOFState:
            self = .connection("the connection ended before the answer did")
        case let error as HTTPParserError: self = .connection("the answer is not HTTP: \(error)")
        case let error as IOError: self = .connection(error.description)
        default: self = .connection("\(error)")
        }
    }

    /// - Parameter error: of a connection that did not come about.
    init(connectError error: any Error) {
        switch error {
        case let error as TransportError: self = error
        case ChannelError.connectTimeout: self = .timeout("no connection in time")
        case let error as NIOConnectionError:
            let reasons =
                error.connectionErrors.map { "\($0.error)" }
                + [error.dnsAError, error.dnsAAAAError].compactMap { $0 }.map { "\($0)" }
            self = .connection("no connection: " + reasons.joined(separator: "; "))
        default: self = TransportError(channelError: error)
        }
    }
}

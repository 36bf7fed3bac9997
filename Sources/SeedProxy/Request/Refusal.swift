import HTTPServer
import SeedEngine
import SeedOrigin

/// An error response of ours: what happened, and who failed.
struct Refusal: Error, Equatable {
    /// The value of `X-Dragonfly-Error-Type`.
    enum ErrorType: String {
        case proxy
        case backend
        case dfdaemon
    }

    /// A field that goes with some statuses.
    enum Hint: Equatable {
        /// Seconds.
        case retryAfter(Int)
        case proxyAuthenticate
        case allow

        /// For short-lived conditions.
        static let soon = Hint.retryAfter(1)
    }

    var status: Int
    var errorType: ErrorType
    /// One sentence for a person; no credentials and no query values.
    var message: String
    var hint: Hint?

    static func badRequest(_ message: String) -> Refusal {
        Refusal(status: 400, errorType: .proxy, message: message)
    }

    /// The origin gave no usable response.
    static func unreachable(_ message: String) -> Refusal {
        Refusal(status: 502, errorType: .backend, message: message)
    }

    static let loop = Refusal(
        status: 508, errorType: .proxy, message: "The request has been here before, or leads to this server.")
    static let rateLimited = Refusal(
        status: 429, errorType: .proxy, message: "There are more requests a second than are allowed; try again later.",
        hint: .soon)
    static let tooManyPassThroughs = Refusal(
        status: 503, errorType: .proxy, message: "Too many requests are going straight through; try again later.",
        hint: .soon)
    static let draining = Refusal(
        status: 503, errorType: .proxy, message: "This server is stopping; ask another one, or this one later.",
        hint: .soon)
    static let wantsCredentials = Refusal(
        status: 407, errorType: .proxy, message: "This proxy wants a name and password.", hint: .proxyAuthenticate)
    static let blocked = Refusal(status: 403, errorType: .proxy, message: "The request is on this server's block list.")
    static let noOutputPath = Refusal(
        status: 403, errorType: .proxy, message: "X-Dragonfly-Output-Path is not allowed: this server writes no files.")
    static let unknownExpectation = Refusal(
        status: 417, errorType: .proxy, message: "The only expectation served is 100-continue.")
    static let preconditionFailed = Refusal(
        status: 412, errorType: .proxy, message: "The object is not of the version that the request wants.")
    static let changing = Refusal(
        status: 502, errorType: .backend, message: "The object keeps changing at the origin; try again.")
    static let noTrace = Refusal(
        status: 405, errorType: .proxy, message: "TRACE is not answered here: it would show credentials.", hint: .allow)
    /// RFC 9110 §15.6.2: 501 is for a method the server supports for no resource; 405 would promise an `Allow` for this one.
    static let noTunnels = Refusal(
        status: 501, errorType: .proxy,
        message: "CONNECT is not supported yet; send the request in absolute form (GET http://host/path).")
    static let originForm = Refusal.badRequest(
        "The request target must be an absolute URL (GET http://host/path), or name a registry.")
}

// MARK: Which error is told by which status

extension Refusal {
    /// A request that could not be parsed.
    init(_ error: RequestError) {
        let hint: Hint? = error.status == 503 ? .soon : nil
        self.init(status: error.status, errorType: .proxy, message: error.message, hint: hint)
    }

    /// An error of the engine.
    init(_ error: EngineError) {
        let (status, errorType): (Int, ErrorType) =
            switch error.kind {
            case .originUnreachable, .originFailed, .changed: (502, .backend)
            case .originTimeout: (504, .backend)
            case .notHeld: (504, .proxy)
            case .storage: (500, .dfdaemon)
            case .local: (503, .dfdaemon)
            case .shuttingDown: (503, .proxy)
            case .blocked: (403, .proxy)
            case .badURL: (400, .proxy)
            case .loop: (508, .proxy)
            }
        let hint: Hint? = error.kind == .local ? .soon : nil
        self.init(status: status, errorType: errorType, message: error.message, hint: hint)
    }

    /// An error of a pass-through request.
    init(_ error: OriginError) {
        let (status, errorType): (Int, ErrorType) =
            switch error.kind {
            case .unreachable, .cut, .tls, .badResponse, .tooManyRedirects, .circuitOpen: (502, .backend)
            case .timeout: (504, .backend)
            case .local: (503, .dfdaemon)
            case .blocked: (403, .proxy)
            case .badURL: (400, .proxy)
            case .loop: (508, .proxy)
            }
        let wait = error.retryAfter.map { Hint.retryAfter(max(1, Int($0.components.seconds))) }
        self.init(
            status: status, errorType: errorType, message: error.message,
            hint: wait ?? (error.kind == .local ? .soon : nil))
    }
}

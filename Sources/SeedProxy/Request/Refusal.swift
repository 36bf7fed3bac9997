import HTTPServer

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

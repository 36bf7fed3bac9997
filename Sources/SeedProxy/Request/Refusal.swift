/// A request answered by an error of ours: what happened, and who failed.
struct Refusal: Error, Equatable {
    /// The value of `X-Dragonfly-Error-Type`.
    enum Culprit: String {
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
    }

    var status: Int
    var culprit: Culprit
    /// One sentence for a person; no credentials and no query values.
    var message: String
    var hint: Hint?

    static func badRequest(_ message: String) -> Refusal {
        Refusal(status: 400, culprit: .proxy, message: message)
    }

    /// No answer of the origin's came, or none that can be used.
    static func unreachable(_ message: String) -> Refusal {
        Refusal(status: 502, culprit: .backend, message: message)
    }

    static let uriTooLong = Refusal(status: 414, culprit: .proxy, message: "The request target is longer than 16 KiB.")
    static let headTooLarge = Refusal(
        status: 431, culprit: .proxy, message: "The request head has more than 128 fields or 64 KiB.")
    static let badChunk = Refusal.badRequest("The chunked body is not well-formed, or its extensions are too long.")
    /// RFC 9112 §3: longer than any method there is.
    static let unknownMethod = Refusal(status: 501, culprit: .proxy, message: "The method is not known.")
    static let unknownVersion = Refusal(status: 505, culprit: .proxy, message: "Only HTTP/1.1 and HTTP/1.0 are served.")
    static let loop = Refusal(
        status: 508, culprit: .proxy, message: "The request has been here before, or leads to this server.")
    static let rateLimited = Refusal(
        status: 429, culprit: .proxy, message: "There are more requests a second than are allowed; try again later.",
        hint: .retryAfter(1))
    static let tooManyLookUps = Refusal(
        status: 429, culprit: .proxy, message: "Too many names are being looked up.", hint: .retryAfter(1))
    static let draining = Refusal(
        status: 503, culprit: .proxy, message: "This server is stopping; ask another one, or this one later.",
        hint: .retryAfter(1))
    static let wantsCredentials = Refusal(
        status: 407, culprit: .proxy, message: "This proxy wants a name and password.", hint: .proxyAuthenticate)
    static let blocked = Refusal(status: 403, culprit: .proxy, message: "The request is on this server's block list.")
    static let noOutputPath = Refusal(
        status: 403, culprit: .proxy, message: "X-Dragonfly-Output-Path is not allowed: this server writes no files.")
    static let unknownExpectation = Refusal(
        status: 417, culprit: .proxy, message: "The only expectation served is 100-continue.")
    static let preconditionFailed = Refusal(
        status: 412, culprit: .proxy, message: "The object is not of the version that the request wants.")
    static let changing = Refusal(
        status: 502, culprit: .backend, message: "The object keeps changing at the origin; try again.")
    static let noTrace = Refusal(
        status: 405, culprit: .proxy, message: "TRACE is not answered here: it would show credentials.", hint: .allow)
    static let slowRequest = Refusal(status: 408, culprit: .proxy, message: "The request body stopped coming.")
    static let slowHead = Refusal(status: 408, culprit: .proxy, message: "The request head did not come to its end.")
    static let silentOrigin = Refusal(status: 504, culprit: .backend, message: "The origin made no progress.")
    /// RFC 9110 §15.6.2: 501 is for a method the server supports for no resource; 405 would promise an `Allow` for this one.
    static let noTunnels = Refusal(
        status: 501, culprit: .proxy,
        message: "CONNECT is not supported yet; send the request in absolute form (GET http://host/path).")
    /// RFC 9112 §6.1.
    static let unknownCoding = Refusal(
        status: 501, culprit: .proxy, message: "The only transfer coding served is chunked.")
    static let originForm = Refusal.badRequest(
        "The request target must be an absolute URL (GET http://host/path), or name a registry.")
}

/// A request answered by an error of ours: what happened, and who failed.
struct Refusal: Error, Equatable {
    /// The value of `X-Dragonfly-Error-Type`.
    enum Culprit: String {
        case proxy
        case backend
        case dfdaemon
    }

    var status: Int
    var culprit: Culprit
    /// One sentence for a person; no credentials and no query values.
    var message: String

    static func badRequest(_ message: String) -> Refusal {
        Refusal(status: 400, culprit: .proxy, message: message)
    }

    static let uriTooLong = Refusal(status: 414, culprit: .proxy, message: "The request target is longer than 16 KiB.")
    static let headTooLarge = Refusal(
        status: 431, culprit: .proxy, message: "The request head has too many or too long fields.")
    static let loop = Refusal(
        status: 508, culprit: .proxy, message: "The request has been here before, or leads to this server.")
    static let draining = Refusal(status: 503, culprit: .proxy, message: "The server is shutting down.")
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
        "The request target must be an absolute URL (GET http://host/path): this server is a forward proxy.")
}

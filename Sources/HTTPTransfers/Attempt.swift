import CCurl
import SeedSupport

/// The state of one attempt, since the request was last given to curl.
struct Attempt {
    var collector: HeadCollector
    /// What comes while a tunnel is being opened.
    var tunnelCollector: HeadCollector?
    /// The request goes out for the second time, on a connection of its own.
    let isRepetition: Bool
    /// A connection that was used before, and when the request was about to go out on it.
    var kept: (descriptor: Int32, sent: MonotonicTime)?
    /// The connection that curl has chosen must not be used, or not be believed.
    var needsFreshConnection = false
    /// The request may have been sent, at least in part.
    var hasConnected = false
    var hasBegunResponse = false
    /// The final one.
    var head: TransferHead?
    /// The final response to a request with a body, which may not have been sent in full yet.
    var early: EarlyResponse?
    /// The server has closed, and its response is still unread: a failing write would lose it.
    var isSendingHeld = false
    var hasSurplus = false
    /// The socket that curl waits for, and whether it waits for bytes on it.
    var socket: curl_socket_t?
    var isCurlReading = false
    /// The outcome when this side aborted the exchange.
    var ownOutcome: TransferOutcome?
    /// Why no socket was opened.
    var refusal: TransferError?
    var hasDialled = false

    init(_ request: TransferRequest, _ settings: TransferSettings, isRepetition: Bool = false) {
        collector = HeadCollector(limit: settings.headLimit, acceptsHTTP2: request.mayBeHTTP2)
        self.isRepetition = isRepetition
    }
}

/// A final response that may have come before the request was sent in full.
struct EarlyResponse {
    /// curl stops sending by itself, unless the connection is to be closed; then it is better to stop, too.
    let isRefusal: Bool
    /// Bytes of the body that are still to come; nil: not known.
    private var bytesLeft: Int64?
    /// Its end was seen.
    var isRead = false

    init(_ head: TransferHead) {
        isRefusal = head.status >= 300
        bytesLeft = head.status == 204 ? 0 : head.contentLength
    }

    mutating func took(_ count: Int) {
        bytesLeft? -= Int64(count)
    }

    /// It has come to its end.
    var isOver: Bool { isRead || bytesLeft == 0 }
}

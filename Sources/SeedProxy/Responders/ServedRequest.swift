import DragonflyIdentity
import EventLoops
import HTTPServer
import SeedSupport

/// What the response and the log need to know about the current request.
struct ServedRequest {
    /// How the request was served.
    enum Outcome: String {
        case hit
        case miss
        case bypass
        case refused
    }

    var head: RequestHead
    var wireID: TaskID?
    var outcome = Outcome.refused
    private let began: MonotonicTime

    init(_ head: RequestHead, began: MonotonicTime) {
        self.head = head
        self.began = began
    }
}

extension ProxyApplication {
    /// Counts a request that is over, and writes one line about it, without query values and credentials.
    func finished(_ request: ServedRequest, on connection: ClientConnection, isAborted: Bool) {
        metrics.count(request.outcome)
        logger.debug("request", metadata: request.logLine(connection, isAborted: isAborted))
    }
}

extension ServedRequest {
    fileprivate func logLine(_ connection: ClientConnection, isAborted: Bool) -> Logger.Metadata {
        let lasted = connection.eventLoop.now - began
        return [
            "method": head.methodText, "url": String(head.loggedTarget), "status": "\(connection.status)",
            "outcome": outcome.rawValue, "bytes": "\(connection.bodyBytes)", "aborted": "\(isAborted)",
            "milliseconds": "\(lasted.milliseconds)",
        ]
    }
}

import DragonflyIdentity
import HTTPServer
import SeedSupport

/// Responses that this server makes up itself, written in one piece.
extension ProxyApplication {
    /// What `Allow` says.
    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

    /// Answers a request that no responder has taken with an error of ours.
    func refuse(_ refusal: Refusal, _ request: ServedRequest, on connection: ClientConnection) {
        // What follows CONNECT is not HTTP.
        write(refusal, on: connection, keepsConnection: request.head.method != .connect)
        finished(request, on: connection, isAborted: false)
    }

    /// Whether requests are taken. Neither credentials nor limits count, for what asks has neither; only what is wrong with
    /// the server is told.
    func answerProbe(on connection: ClientConnection) {
        var head = connection.head(connection.isDraining ? 503 : 200)
        if connection.isDraining {
            head.field("X-Dragonfly-Error-Type", Refusal.draining.culprit.rawValue)
            head.field("Retry-After", 1)
        }
        writeAnswerer(&head)
        connection.respond(&head, Bytes())
    }

    /// RFC 9110 §9.3.7: what this server, not an origin, can do.
    func answerOptions(_ request: ServedRequest, on connection: ClientConnection) {
        var head = connection.head(200)
        head.field("Allow", Self.methods)
        writeAnswerer(&head)
        connection.respond(&head, Bytes())
        finished(request, on: connection, isAborted: false)
    }

    /// An error of ours, whole.
    /// - Parameter wireID: of the task that was asked for, if it came to that.
    func write(
        _ refusal: Refusal, wireID: TaskID? = nil, on connection: ClientConnection, keepsConnection: Bool = true
    ) {
        let text = Bytes(refusal.message + "\n")
        var head = connection.head(refusal.status)
        head.field("X-Dragonfly-Error-Type", refusal.culprit.rawValue)
        switch refusal.hint {
        case .retryAfter(let seconds): head.field("Retry-After", seconds)
        case .proxyAuthenticate: head.field("Proxy-Authenticate", "Basic realm=\"seed-peer\", charset=\"UTF-8\"")
        case .allow: head.field("Allow", Self.methods)
        case nil: break
        }
        head.field("Content-Type", "text/plain; charset=utf-8")
        writeAnswerer(&head, wireID: wireID)
        connection.begin(&head, .length(Int64(text.count)), keepsConnection: keepsConnection)
        connection.send(text)
        connection.end()
    }

    /// Who answers, and for which task: on every response of ours.
    func writeAnswerer(_ head: inout HeadBytes, wireID: TaskID? = nil) {
        if let wireID { head.field("X-Dragonfly-Task-ID", wireID.description) }
        head.answerer(configuration)
    }
}

extension HeadBytes {
    /// Who answers, on every response of ours.
    mutating func answerer(_ configuration: ProxyConfiguration) {
        if let address = configuration.serverIP { field("X-Dragonfly-Server-IP", address) }
        field("Via", "1.1 " + configuration.name)
    }
}

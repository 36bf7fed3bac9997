package import SeedSupport

/// Decides what answers each request of a server. One for each event loop, confined to it.
package protocol Application: AnyObject {
    /// Answers a request, at once or later. Later means: sets the connection's `responder` before it returns.
    func respond(to head: RequestHead, on connection: ClientConnection)

    /// Writes the response to an invalid request. The connection ends after it.
    func refuse(_ error: RequestError, on connection: ClientConnection)
}

extension Application {
    package func refuse(_ error: RequestError, on connection: ClientConnection) {
        var head = connection.head(error.status)
        head.text("Content-Type: text/plain; charset=utf-8\r\n")
        connection.respond(&head, Bytes(error.message + "\n"))
    }
}

/// What answers one request over time. Confined to its connection's event loop.
package protocol Responder: AnyObject {
    /// Whether a part of the request's body can be taken now. If it becomes true outside a call from the connection,
    /// call `resume`.
    var takesBody: Bool { get }
    func bodyCame(_ bytes: Bytes)
    /// The request's last byte came. Trailers are left out.
    func bodyEnded()
    /// The connection is writable again.
    func mayWrite()
    /// Something called the connection's `wakeUp`.
    func woken()
    /// - Parameter isClientSlow: the client doesn't read what is queued for it.
    func tick(_ now: MonotonicTime, isClientSlow: Bool)
    /// Exactly once, at the end: the response is complete, or the connection is gone.
    func ended(isAborted: Bool)
}

extension Responder {
    package var takesBody: Bool { true }
    package func bodyCame(_ bytes: Bytes) {}
    package func bodyEnded() {}
    package func mayWrite() {}
    package func woken() {}
    package func tick(_ now: MonotonicTime, isClientSlow: Bool) {}
    package func ended(isAborted: Bool) {}
}

import HTTPSemantics
import HTTPServer
import HTTPTransfers
import SeedOrigin
import SeedSupport

/// One pass-through request: bytes in both directions, each side read only as fast as the other takes them.
final class PassThroughResponder: Responder {
    private let application: ProxyApplication
    private let connection: ClientConnection
    private let url: OriginURL
    /// Why the cache could not serve the request; nil if it wasn't asked.
    private let reason: String?
    private var request: ServedRequest
    /// Nil once it is over.
    private var transfer: PassThroughTransfer?
    /// A HEAD that is asked as a GET of one byte, because the origin did not answer it as HEAD.
    private var asksOneByte = false
    /// The origin takes no more of the request's body now.
    private var isOriginFull = false
    /// Bytes that the client's side holds and the transfer still counts as under way.
    private var held = 0

    init(
        _ request: ServedRequest, to url: OriginURL, because reason: String? = nil, _ application: ProxyApplication,
        _ connection: ClientConnection
    ) {
        self.application = application
        self.connection = connection
        self.url = url
        self.reason = reason
        self.request = request
        self.request.outcome = .bypass
    }

    func start() {
        connection.responder = self
        ask()
    }

    private func ask() {
        let order = request.head.forOrigin(url, via: application.configuration.name, asksOneByte: asksOneByte)
        transfer = application.gateway.passThrough(order, on: connection.eventLoop) { [self] event in take(event) }
        guard let transfer else { return fail(.tooManyPassThroughs) }
        if order.body == .length(0) { transfer.endBody() }
    }

    func ended(isAborted: Bool) {
        cancel()
        application.finished(request, on: connection, isAborted: isAborted)
    }

    private func cancel() {
        transfer?.cancel()
        transfer = nil
    }
}

// MARK: From the client

extension PassThroughResponder {
    /// When a HEAD is retried as GET, the body received so far went to the first transfer; the rest is dropped.
    var takesBody: Bool { asksOneByte || !isOriginFull }

    func bodyCame(_ bytes: Bytes) {
        guard !asksOneByte, let transfer else { return }
        isOriginFull = !transfer.send(bytes)
    }

    func bodyEnded() {
        if !asksOneByte { transfer?.endBody() }
    }

    func mayWrite() { giveBack() }

    /// Returns credit for forwarded bytes.
    private func giveBack() {
        guard held > 0, connection.isWritable else { return }
        transfer?.took(held)
        held = 0
    }
}

// MARK: From the origin

extension PassThroughResponder {
    private func take(_ event: PassThroughEvent) {
        switch event {
        case .interim(let head): interim(head)
        case .head(let head): headCame(head)
        case .body(let bytes):
            held += bytes.count
            connection.send(bytes)
            giveBack()
        case .trailers: break  // RFC 9110 §6.5.1: they may be dropped
        case .bodyWanted: isOriginFull = false
        case .end(let outcome): end(outcome)
        }
        connection.resume()
    }

    /// The final response follows.
    private func interim(_ head: TransferHead) {
        var bytes = connection.head(head.status)
        bytes.fields(head.fields.endToEnd.without(FieldIDSet(.contentLength)))
        connection.interim(&bytes)
    }

    private func headCame(_ head: TransferHead) {
        switch PassThroughResponse(head, to: request.head, askedOneByte: asksOneByte) {
        case .askOneByte:
            cancel()
            asksOneByte = true
            ask()
        case .respondToHead(let status, let fields):
            cancel()
            begin(status, fields, .none)
            connection.end()
        case .respond(let status, let fields, let body): begin(status, fields, body)
        }
    }

    private func begin(_ status: Int, _ fields: HTTPFields, _ body: ResponseBody) {
        let name = application.configuration.name
        var head = connection.head(status)
        head.fields(fields)
        head.field("Via", "1.1 " + name)
        head.field("Cache-Status", "\(name); fwd=bypass" + (reason.map { "; detail=\"\($0)\"" } ?? ""))
        if status >= 400 { head.field("X-Dragonfly-Error-Type", Refusal.ErrorType.backend.rawValue) }
        // The origin's own date travels with its other fields.
        connection.begin(&head, body, date: false)
    }

    private func end(_ outcome: PassThroughOutcome) {
        transfer = nil
        switch outcome {
        case .complete: connection.end()
        case .failed(let error): fail(Refusal(error))
        }
    }

    private func fail(_ refusal: Refusal) {
        if connection.isHeadSent { return connection.abort() }
        request.outcome = .refused
        application.write(refusal, on: connection)
    }
}

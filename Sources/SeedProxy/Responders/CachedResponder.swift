import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// One response out of the cache, to GET or HEAD: pulls steps from the engine's stream while the client takes bytes.
final class CachedResponder: Responder {
    private let application: ProxyApplication
    private let connection: ClientConnection
    private let template: TaskTemplate
    private var request: ServedRequest
    private var machine: CachedResponseMachine
    /// Nil once everything is sent, or the client is gone.
    private var stream: PieceStream?
    /// Bytes of the stream still to send; 0 before its head.
    private var remaining: Int64 = 0
    /// The best source for the current part's bytes.
    private var source = ExtentSource.memory
    /// The version that was promised; nil before the head.
    private var version: PreparedHead?
    private var isPumping = false

    init(
        _ request: ServedRequest, _ template: TaskTemplate, _ application: ProxyApplication,
        _ connection: ClientConnection
    ) {
        self.application = application
        self.connection = connection
        self.template = template
        self.request = request
        self.request.wireID = template.object.wireID
        self.request.outcome = .miss
        machine = CachedResponseMachine(request.head)
    }

    func start() {
        connection.responder = self
        open(machine.range)
        pump()
    }

    func mayWrite() { pump() }

    func woken() { pump() }

    func ended(isAborted: Bool) {
        closeStream()
        application.finished(request, on: connection, isAborted: isAborted)
    }

    private func open(_ range: RangeSpec?) {
        stream = application.engine.open(
            application.factory.request(from: request.head, template: template, range: range),
            wake: connection.wakeUp)
    }

    private func closeStream() {
        stream?.close()
        stream = nil
    }

    /// Sends what is available. Called on every event.
    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while let stream, connection.isWritable {
            let step = stream.next(limit: WriteLimits.extent, from: source)
            if case .wait = step { return }
            perform(step)
        }
    }

    private func perform(_ step: PieceStream.Step) {
        switch step {
        case .head(let head): headCame(head)
        case .bytes(let extent): send(extent)
        case .end: streamEnded()
        case .unsatisfiable(let length): decide { $0.unsatisfiableCame(length: length) }
        case .origin(let response): connection.isHeadSent ? abort() : respondWithOriginError(response)
        case .bypass(let reason): connection.isHeadSent ? abort() : passThrough(because: reason)
        case .failed(let error): fail(Refusal(error))
        case .wait: break
        }
    }

    private func headCame(_ head: StreamHead) {
        let prepared = template.prepare(head, for: application)
        let isSame = version?.isSameVersion(as: prepared) ?? true
        decide(head, prepared) { $0.headCame(head, prepared.validators, isSameVersion: isSame) }
    }

    private func streamEnded() {
        guard remaining == 0 else { return abort() }  // never fewer bytes than were promised
        decide { $0.streamEnded() }
    }

    private func send(_ extent: Extent) {
        let count = Int64(extent.count)
        guard count <= remaining else { return abort() }  // never more bytes than were promised
        remaining -= count
        connection.send(extent)
        // The stream would only say the same.
        if remaining == 0 { streamEnded() }
    }

    private func decide(
        _ head: StreamHead? = nil, _ prepared: PreparedHead? = nil,
        _ event: (inout CachedResponseMachine) -> CachedResponseMachine.Decision
    ) {
        let decision = event(&machine)
        switch decision {
        case .respond, .multipart, .nextPart:
            guard let head, let prepared else { return }
            begin(head, prepared, decision)
        case .reopen(let range):
            stream?.close()
            remaining = 0
            open(range)
        case .notModified: prepared.map(respondNotModified)
        case .preconditionFailed: refuse(.preconditionFailed)
        case .unsatisfiable(let length): refuseRange(length: length)
        case .finished: finish()
        case .changing: refuse(.changing)
        case .abort: abort()
        }
    }
}

// MARK: Heads

extension CachedResponder {
    private func begin(_ head: StreamHead, _ prepared: PreparedHead, _ decision: CachedResponseMachine.Decision) {
        remaining = head.range.count
        source = SendStrategy.source(ofBody: remaining)
        version = prepared
        if decision != .nextPart {
            switch head.cacheStatus {
            case .hit, .stale: request.outcome = .hit
            case .miss, .revalidated: break
            }
            application.begin(head, prepared, machine.multipart, on: connection)
        }
        if request.head.method == .head { return finish() }
        if let part = machine.multipart?.head { connection.send(part) }
    }

    private func respondNotModified(_ prepared: PreparedHead) {
        request.outcome = .hit
        closeStream()
        application.respondNotModified(prepared, on: connection)
    }
}

// MARK: Ends

extension CachedResponder {
    private func finish() {
        closeStream()
        if let end = machine.multipart?.end { connection.send(end) }
        connection.end()
    }

    private func abort() {
        closeStream()
        connection.abort()
    }

    private func fail(_ refusal: Refusal) {
        connection.isHeadSent ? abort() : refuse(refusal)
    }

    private func refuse(_ refusal: Refusal) {
        request.outcome = .refused
        closeStream()
        application.write(refusal, wireID: request.wireID, on: connection)
    }

    /// RFC 9110 §15.5.17.
    private func refuseRange(length: Int64) {
        request.outcome = .refused
        closeStream()
        var head = connection.head(416)
        head.field("Content-Range", "bytes */\(length)")
        head.field("X-Dragonfly-Error-Type", Refusal.ErrorType.proxy.rawValue)
        application.writeServerFields(&head, wireID: request.wireID)
        connection.respond(&head, Bytes())
    }

    /// Hands the origin's own error on: its status, body and safe fields.
    private func respondWithOriginError(_ response: OriginErrorResponse) {
        closeStream()
        var head = connection.head(response.status)
        head.fields(response.headers.forClient)
        head.field("X-Dragonfly-Error-Type", Refusal.ErrorType.backend.rawValue)
        application.writeServerFields(&head, wireID: request.wireID)
        connection.respond(&head, response.body)
    }

    /// Hands the request over to a pass-through responder.
    private func passThrough(because reason: BypassReason) {
        closeStream()
        PassThroughResponder(request, to: template.url, because: reason.rawValue, application, connection).start()
    }
}

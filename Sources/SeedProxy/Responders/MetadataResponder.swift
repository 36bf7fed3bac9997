import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// HEAD of an object that goes through the cache: from metadata if it is known, else from the origin.
final class MetadataResponder: Responder {
    private let application: ProxyApplication
    private let connection: ClientConnection
    private let template: TaskTemplate
    private var request: ServedRequest

    init(
        _ request: ServedRequest, _ template: TaskTemplate, _ application: ProxyApplication,
        _ connection: ClientConnection
    ) {
        self.application = application
        self.connection = connection
        self.template = template
        self.request = request
        self.request.wireID = template.wireID
    }

    func start() {
        connection.responder = self
        let asked = application.factory.request(from: request.head, template: template, range: nil)
        application.engine.metadata(of: asked, then: connection.callback { [self] known in metadataCame(known) })
    }

    func ended(isAborted: Bool) {
        application.finished(request, on: connection, isAborted: isAborted)
    }

    private func metadataCame(_ known: StreamHead?) {
        guard let known else {
            return PassThroughResponder(request, to: template.url, application, connection).start()
        }
        let prepared = template.prepare(known, for: application)
        // A HEAD has no ranges, so If-Range says nothing.
        switch request.head.preconditions?.evaluate(prepared.validators, hasRange: false) ?? .serve {
        case .notModified:
            request.outcome = .hit
            application.answerNotModified(prepared, on: connection)
        case .failed: application.write(.preconditionFailed, wireID: request.wireID, on: connection)
        case .serve, .serveWhole:
            request.outcome = .hit
            application.begin(known, prepared, nil, on: connection)
            connection.end()
        }
    }
}

import HTTPTypes
import NIOCore
import SeedEngine

/// HEAD of an object that goes through the cache: from metadata if it is known, else from the origin.
extension ProxyConnection {
    func openMetadata(_ template: TaskTemplate, for head: RequestHead) {
        current?.wireID = template.wireID
        let request = loop.factory.request(from: head, template: template, range: nil)
        let serial = serial
        let bound = NIOLoopBound((self, template, head), eventLoop: loop.eventLoop)
        loop.engine.metadata(of: request) { [eventLoop = loop.eventLoop] known in
            eventLoop.execute {
                let (connection, template, head) = bound.value
                // The client may have gone, or been answered otherwise.
                guard connection.serial == serial, connection.machine.isServing else { return }
                connection.metadataCame(known, template, head)
            }
        }
    }

    private func metadataCame(_ known: StreamHead?, _ template: TaskTemplate, _ head: RequestHead) {
        guard let known else { return startRelay(of: head, to: template.url) }
        let prepared = template.prepare(known, loop.configuration)
        // A HEAD has no ranges, so If-Range says nothing.
        switch Preconditions(head).judge(prepared.validators, hasRange: false) {
        case .notModified: answerNotModified(prepared)
        case .failed: refuse(.preconditionFailed)
        case .serve, .serveWhole:
            current?.outcome = .hit
            answer(with: headOfAnswer(known, prepared, nil))
        }
    }
}

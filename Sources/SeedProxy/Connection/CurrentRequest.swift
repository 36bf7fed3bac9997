import DragonflyIdentity
import Logging
import NIOCore

/// What is remembered of the request being answered, for its answer and for the log.
struct CurrentRequest {
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
    var status = 0
    var isHeadSent = false
    /// Body bytes handed to the channel.
    var bytes: Int64 = 0
    let began = NIODeadline.now()

    init(head: RequestHead) {
        self.head = head
    }

    /// One line for each request, without query values and credentials; and the counters.
    func log(to loop: LoopContext, isAborted: Bool) {
        switch outcome {
        case .hit: loop.metrics.hits.count()
        case .miss: loop.metrics.misses.count()
        case .bypass: loop.metrics.bypasses.count()
        case .refused: loop.metrics.refusals.count()
        }
        loop.logger.debug(
            "request",
            metadata: [
                "method": "\(head.methodText)", "url": "\(head.loggedTarget)", "status": "\(status)",
                "outcome": "\(outcome.rawValue)", "bytes": "\(bytes)", "aborted": "\(isAborted)",
                "milliseconds": "\((NIODeadline.now() - began).nanoseconds / 1_000_000)",
            ])
    }
}

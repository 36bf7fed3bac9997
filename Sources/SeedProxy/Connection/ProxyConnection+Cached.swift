import DragonflyIdentity
import Glibc
import HTTPTypes
import NIOCore
import SeedEngine
import SeedStorage

/// One answer out of the cache, while it is being sent.
struct CachedAnswer {
    var stream: PieceStream
    /// Where the request goes if the engine cannot serve it.
    var url: OriginURL
    /// Bytes still to send; `nil` before the head.
    var remaining: Int64?
}

/// Answers that come out of the cache: pulls steps from the engine's stream while the client takes bytes.
extension ProxyConnection {
    /// Most bytes asked for in one step. With the channel's high-water mark of 1 MiB, at most 2 MiB are ever queued.
    private static let stepLength = 1 << 20
    /// Most bytes sent before the loop's other connections get their turn.
    private static let turnLength = 4 << 20
    /// Queued bytes after which the channel is told to send.
    private static let flushLength = 256 << 10
    /// Up to here copying beside the head is cheaper than a write of its own.
    private static let copyLength = 16 << 10

    func open(_ template: TaskTemplate, for head: RequestHead) {
        current?.wireID = template.wireID
        current?.outcome = .miss
        let request = loop.factory.request(from: head, template: template)
        answer = CachedAnswer(stream: loop.engine.open(request, wake: wakeUp), url: template.url)
        pump()
    }

    /// Sends what is there. Called whenever something may have changed: wake-up, writability, a new request.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        var turn = Self.turnLength
        var unflushed = 0
        // The next answer is pumped by the same loop if the request for it waits already.
        while let stream = answer?.stream, context?.channel.isWritable == true {
            guard turn > 0 else {
                wakeUp()
                break
            }
            let step = stream.next(limit: Self.stepLength)
            if case .wait = step { break }
            let count = perform(step)
            turn -= count
            unflushed += count
            guard unflushed >= Self.flushLength else { continue }
            context?.flush()
            unflushed = 0
        }
        queueHead()
        context?.flush()
    }

    /// - Returns: the number of body bytes queued.
    private func perform(_ step: PieceStream.Step) -> Int {
        switch step {
        case .head(let head): begin(head)
        case .bytes(let region): return queue(region)
        case .end: endAnswer()
        case .unsatisfiable(let length): refuseRange(length: length)
        case .origin(let answer): relay(answer)
        case .bypass(let reason): bypass(reason)
        case .failed(let error): fail(Refusal(error))
        case .wait: break
        }
        return 0
    }

    private func begin(_ head: StreamHead) {
        if [.hit, .stale].contains(head.cacheStatus) { current?.outcome = .hit }
        answer?.remaining = head.range.count
        var writer = writer(status: head.isPartial ? 206 : 200)
        writer.fields(head.headers.forClient)
        writer.field("Content-Length", head.range.count)
        if head.isPartial {
            writer.field("Content-Range", "bytes \(head.range.lowerBound)-\(head.range.upperBound - 1)/\(head.length)")
        }
        writer.field("Accept-Ranges", "bytes")
        writer.field("Age", max(0, Int64(Glibc.time(nil)) - head.storedAt / 1000))
        writer.field("Cache-Status", loop.configuration.name + head.cacheStatus.parameters)
        if head.isFinished { writer.field("X-Dragonfly-Task-Download-Finished", "true") }
        finish(&writer)
        headBytes = writer.buffer
    }

    private func queue(_ region: Region) -> Int {
        let count = region.count
        guard let remaining = answer?.remaining, count <= remaining else {
            abort()  // never more bytes than were promised
            return 0
        }
        answer?.remaining = remaining - Int64(count)
        current?.bytes += Int64(count)
        loop.metrics.bytesSent.count(count)
        switch region {
        case .memory(var bytes) where count <= Self.copyLength && headBytes != nil: headBytes?.writeBuffer(&bytes)
        case .memory(let bytes): send(bytes)
        case .file(let file): send(file)
        }
        return count
    }

    /// The kernel copies the bytes from the page cache. The lease goes back when the channel is done with them (rule 9).
    private func send(_ file: FileRegionRef) {
        guard let context else { return }
        queueHead()
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { _ in withExtendedLifetime(file) {} }
        context.write(wrapOutboundOut(.fileRegion(file.fileRegion(on: context.eventLoop))), promise: promise)
    }

    private func endAnswer() {
        guard answer?.remaining == 0 else { return abort() }  // never fewer bytes than were promised
        queueHead()
        finishAnswer()
    }

    private func bypass(_ reason: BypassReason) {
        guard let url = answer?.url, let head = current?.head else { return }
        answer?.stream.close()
        answer = nil
        startRelay(of: head, to: url, because: reason.rawValue)
    }

    /// For the engine and the loop's turns: calls `wake()` on this connection's loop, later.
    private var wakeUp: @Sendable () -> Void {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        return { [mailbox = loop.mailbox] in mailbox.wake(bound) }
    }
}

extension StreamHead.CacheStatus {
    /// RFC 9211 §2.
    fileprivate var parameters: String {
        switch self {
        case .hit: "; hit"
        case .stale: "; hit; detail=stale"
        case .revalidated: "; fwd=stale; fwd-status=304"
        case .miss(collapsed: false): "; fwd=miss; stored"
        case .miss(collapsed: true): "; fwd=miss; collapsed"
        }
    }
}

extension Refusal {
    fileprivate init(_ error: EngineError) {
        let (status, culprit): (Int, Culprit) =
            switch error.kind {
            case .originUnreachable, .originFailed, .changed: (502, .backend)
            case .originTimeout: (504, .backend)
            case .notHeld: (504, .proxy)
            case .storage: (500, .dfdaemon)
            case .shuttingDown: (503, .proxy)
            case .blocked: (403, .proxy)
            case .badURL: (400, .proxy)
            case .loop: (508, .proxy)
            }
        self.init(status: status, culprit: culprit, message: error.message)
    }
}

import DragonflyIdentity
import Glibc
import HTTPTypes
import NIOCore
import SeedEngine
import SeedStorage

/// One answer out of the cache, while it is being sent.
struct CachedAnswer {
    let template: TaskTemplate
    var stream: PieceStream
    var machine: AnswerMachine
    /// Bytes of the stream still to send; `nil` before its head.
    var remaining: Int64?
    /// The version that was promised; nil before the head.
    var version: PreparedHead?
}

/// Answers that come out of the cache: pulls steps from the engine's stream while the client takes bytes.
extension ProxyConnection {
    /// Most bytes asked for in one step. With the channel's high-water mark, at most twice as many are ever queued.
    private static let stepLength = 256 << 10
    /// Most bytes sent before the loop's other connections get their turn.
    private static let turnLength = 4 << 20
    /// Queued bytes after which the channel is told to send.
    private static let flushLength = 256 << 10
    /// Up to here copying beside the head is cheaper than a write of its own.
    private static let copyLength = 16 << 10

    func open(_ template: TaskTemplate, for head: RequestHead) {
        current?.wireID = template.wireID
        current?.outcome = .miss
        let machine = AnswerMachine(head)
        let stream = stream(of: template, for: head, range: machine.range)
        answer = CachedAnswer(template: template, stream: stream, machine: machine)
        pump()
    }

    private func stream(of template: TaskTemplate, for head: RequestHead, range: RangeSpec?) -> PieceStream {
        loop.engine.open(loop.factory.request(from: head, template: template, range: range), wake: wakeUp)
    }

    /// Sends what is there. Called whenever something may have changed: wake-up, writability, a new request.
    ///
    /// Sending may make room at once: then it goes on, without waiting for the channel to tell.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        var turn = Self.turnLength
        var mayGoOn: Bool
        repeat {
            mayGoOn = queueBatch(&turn)
            queueHead()
            context?.flush()
        } while mayGoOn && answer != nil && isWritable
    }

    /// The next answer is queued by the same loop if the request for it waits already.
    ///
    /// - Returns: whether more may be there as soon as the channel takes it. Otherwise a wake-up follows.
    private func queueBatch(_ turn: inout Int) -> Bool {
        var count = 0
        while count < Self.flushLength, let stream = answer?.stream, isWritable {
            guard turn > 0 else {
                wakeUp()
                return false
            }
            let step = stream.next(limit: Self.stepLength)
            if case .wait = step { return false }
            let queued = perform(step)
            turn -= queued
            count += queued
        }
        return true
    }

    private var isWritable: Bool { context?.channel.isWritable == true }

    /// - Returns: the number of body bytes queued.
    private func perform(_ step: PieceStream.Step) -> Int {
        switch step {
        case .head(let head): headCame(head)
        case .bytes(let region): return queue(region)
        case .end: streamEnded()
        case .unsatisfiable(let length): decide { $0.unsatisfiableCame(length: length) }
        case .origin(let answer): isUnderWay ? abort() : answerOriginError(answer)
        case .bypass(let reason): isUnderWay ? abort() : passThrough(because: reason)
        case .failed(let error): fail(Refusal(error))
        case .wait: break
        }
        return 0
    }

    /// The head is out, so only the promised bytes may follow.
    private var isUnderWay: Bool { current?.isHeadSent == true }

    private func headCame(_ head: StreamHead) {
        guard let template = answer?.template else { return }
        let prepared = template.prepare(head, loop.configuration)
        let isSame = answer?.version?.isSameVersion(as: prepared) ?? true
        decide(head, prepared) { $0.headCame(head, prepared.validators, isSameVersion: isSame) }
    }

    private func streamEnded() {
        guard answer?.remaining == 0 else { return abort() }  // never fewer bytes than were promised
        decide { $0.streamEnded() }
    }

    private func decide(
        _ head: StreamHead? = nil, _ prepared: PreparedHead? = nil,
        _ event: (inout AnswerMachine) -> AnswerMachine.Decision
    ) {
        guard var machine = answer?.machine else { return }
        let decision = event(&machine)
        answer?.machine = machine
        switch decision {
        case .answer, .multipart, .nextPart:
            guard let head, let prepared else { return }
            begin(head, prepared, decision)
        case .reopen(let range): reopen(range)
        case .notModified: prepared.map(answerNotModified)
        case .preconditionFailed: refuse(.preconditionFailed)
        case .unsatisfiable(let length): refuseRange(length: length)
        case .finished:
            if let end = answer?.machine.multipart?.end { send(end) }
            queueHead()
            finishAnswer()
        case .changing: refuse(.changing)
        case .abort: abort()
        }
    }

    private func reopen(_ range: RangeSpec?) {
        guard let answer, let head = current?.head else { return }
        answer.stream.close()
        self.answer?.stream = stream(of: answer.template, for: head, range: range)
        self.answer?.remaining = nil
    }

    private func begin(_ head: StreamHead, _ prepared: PreparedHead, _ decision: AnswerMachine.Decision) {
        answer?.remaining = head.range.count
        answer?.version = prepared
        if decision != .nextPart {
            if [.hit, .stale].contains(head.cacheStatus) { current?.outcome = .hit }
            headBytes = headOfAnswer(head, prepared, answer?.machine.multipart)
        }
        if let part = answer?.machine.multipart?.head { send(part) }
    }

    func headOfAnswer(_ head: StreamHead, _ prepared: PreparedHead, _ multipart: Multipart?) -> ByteBuffer {
        let isPartial = head.isPartial || multipart != nil
        let count = multipart?.contentLength ?? head.range.count
        var writer = writer(status: isPartial ? 206 : 200, bodyCapacity: count <= Self.copyLength ? Int(count) : 0)
        writer.append(prepared.bytes)
        if let multipart {
            writer.field("Content-Type", "multipart/byteranges; boundary=\(multipart.boundary)")
        } else {
            writer.append(prepared.contentTypeField)
            if isPartial { writer.contentRange(head.range.lowerBound, head.range.upperBound, of: head.length) }
        }
        writer.field("Content-Length", count)
        writeCacheFields(&writer, head)
        return end(&writer)
    }

    private func writeCacheFields(_ writer: inout HeadBytes, _ head: StreamHead) {
        writer.field("Age", max(0, Int64(Glibc.time(nil)) - head.storedAt / 1000))
        if head.cacheStatus == .hit {
            writer.append(loop.hitField)
        } else {
            writer.field("Cache-Status", loop.configuration.name + head.cacheStatus.parameters)
        }
        if head.isFinished { writer.text("X-Dragonfly-Task-Download-Finished: true\r\n") }
    }

    func answerNotModified(_ prepared: PreparedHead) {
        current?.outcome = .hit
        var writer = writer(status: 304)
        writer.append(prepared.notModified)
        writer.append(loop.hitField)
        answer(with: end(&writer))
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

    private func passThrough(because reason: BypassReason) {
        guard let url = answer?.template.url, let head = current?.head else { return }
        answer?.stream.close()
        answer = nil
        startRelay(of: head, to: url, because: reason.rawValue)
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

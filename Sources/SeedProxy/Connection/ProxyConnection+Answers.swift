import DragonflyIdentity
import Glibc
import HTTPTypes
import NIOCore
import SeedEngine
import SeedStorage

/// The way a request takes, and the answers that are written in one piece.
extension ProxyConnection {
    /// What `Allow` says.
    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

    func serve(_ head: RequestHead) {
        loop.metrics.requests.count()
        var head = head
        let refusal = refusal(of: &head)
        current = CurrentRequest(head: head)
        if let refusal { return refuse(refusal) }
        switch loop.factory.plan(for: head) {
        case .cached(let template) where head.method == .get: open(template, for: head)
        case .cached(let template): openMetadata(template, for: head)
        case .passThrough(let url): startRelay(of: head, to: url)
        case .own(.options): answerOptions()
        case .own(.noTrace): refuse(.noTrace)
        case .refused(let refusal): refuse(refusal)
        }
    }

    /// What is refused whatever is asked for.
    private func refusal(of head: inout RequestHead) -> Refusal? {
        if machine.isDraining { return .draining }
        if let limiter = loop.rateLimiter, !limiter.take() { return .rateLimited }
        if let credentials = loop.credentials, !credentials.admit(&head) { return .wantsCredentials }
        if head.method == .connect { return .noTunnels }
        if head.present.contains(.expect), head.minorVersion > 0, !head.says(.expect, "100-continue") {
            return .unknownExpectation
        }
        return nil
    }

    /// Answers with an error of ours.
    func refuse(_ refusal: Refusal, keepsConnection: Bool = true) {
        // A body that nobody reads can only be skipped by closing; what follows CONNECT is not HTTP.
        let keepsConnection = keepsConnection && machine.isRequestRead && current?.head.method != .connect
        current?.outcome = .refused
        let text = refusal.message + "\n"
        var writer = writer(status: refusal.status)
        writer.field("X-Dragonfly-Error-Type", refusal.culprit.rawValue)
        switch refusal.hint {
        case .retryAfter(let seconds): writer.field("Retry-After", seconds)
        case .proxyAuthenticate: writer.field("Proxy-Authenticate", "Basic realm=\"seed-peer\", charset=\"UTF-8\"")
        case .allow: writer.field("Allow", Self.methods)
        case nil: break
        }
        writer.field("Content-Type", "text/plain; charset=utf-8")
        writer.field("Content-Length", text.utf8.count)
        var bytes = finish(&writer, keepsConnection: keepsConnection)
        if current?.head.method != .head { bytes.writeString(text) }
        answer(with: bytes, keepsConnection: keepsConnection)
    }

    /// Hands the origin's own error on: its status, body and safe fields.
    func answerOriginError(_ answer: OriginAnswer) {
        var writer = writer(status: answer.status)
        writer.fields(answer.headers.forClient)
        writer.field("X-Dragonfly-Error-Type", Refusal.Culprit.backend.rawValue)
        writer.field("Content-Length", answer.body.readableBytes)
        send(finish(&writer))
        self.answer(with: answer.body)
    }

    /// RFC 9110 §15.5.17.
    func refuseRange(length: Int64) {
        current?.outcome = .refused
        var writer = writer(status: 416)
        writer.field("Content-Range", "bytes */\(length)")
        writer.field("X-Dragonfly-Error-Type", Refusal.Culprit.proxy.rawValue)
        writer.field("Content-Length", 0)
        answer(with: finish(&writer))
    }

    /// RFC 9110 §9.3.7: what this server, not an origin, can do.
    private func answerOptions() {
        var writer = writer(status: 200)
        writer.field("Allow", Self.methods)
        writer.field("Content-Length", 0)
        answer(with: finish(&writer))
    }

    /// Sends the last bytes of an answer.
    func answer(with bytes: ByteBuffer, keepsConnection: Bool = true) {
        send(bytes)
        context?.flush()
        finishAnswer(keepsConnection: keepsConnection)
    }

    /// A head that has its status line. The status is remembered for the log.
    func writer(status: Int, bodyCapacity: Int = 0) -> HeadBytes {
        current?.status = status
        return HeadBytes(status: status, bodyCapacity: bodyCapacity)
    }

    /// Adds the fields of every answer of ours.
    /// - Returns: the whole head.
    func finish(_ writer: inout HeadBytes, keepsConnection: Bool = true) -> ByteBuffer {
        if let wireID = current?.wireID { writer.field("X-Dragonfly-Task-ID", wireID.description) }
        writer.answerer(loop.configuration)
        return end(&writer, keepsConnection: keepsConnection)
    }

    /// Adds the date, and what becomes of the connection where it isn't what the client's version expects.
    func end(_ writer: inout HeadBytes, keepsConnection: Bool = true) -> ByteBuffer {
        writer.append(loop.dateField(at: Glibc.time(nil)))
        writeConnection(&writer, keepsConnection: keepsConnection)
        current?.isHeadSent = true
        return writer.finish()
    }

    func writeConnection(_ writer: inout HeadBytes, keepsConnection: Bool) {
        if !promise(keepsConnection: keepsConnection) {
            writer.field("Connection", "close")
        } else if current?.head.minorVersion == 0 {
            writer.field("Connection", "keep-alive")
        }
    }

    /// Queues bytes behind the head that may be waiting; nothing is sent before the next flush.
    func send(_ bytes: ByteBuffer) {
        queueHead()
        context?.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
    }

    func queueHead() {
        guard let head = headBytes.take() else { return }
        context?.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
    }
}

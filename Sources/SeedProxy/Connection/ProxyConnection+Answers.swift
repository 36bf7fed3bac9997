import DragonflyIdentity
import HTTPTypes
import NIOCore
import SeedEngine
import SeedStorage

/// The way a request takes, and the answers that are written in one piece.
extension ProxyConnection {
    func serve(_ head: RequestHead) {
        loop.metrics.requests.count()
        current = CurrentRequest(head: head)
        if let fault = head.fault { return refuse(fault, keepsConnection: false) }
        switch loop.factory.plan(for: head) {
        case .cached(let template): open(template, for: head)
        case .relayed(let url): startRelay(of: head, to: url)
        case .refused(let refusal): refuse(refusal)
        }
    }

    /// Answers with an error of ours.
    func refuse(_ refusal: Refusal, keepsConnection: Bool = true) {
        current?.outcome = .refused
        let text = refusal.message + "\n"
        var writer = writer(status: refusal.status)
        writer.field("X-Dragonfly-Error-Type", refusal.culprit.rawValue)
        writer.field("Content-Type", "text/plain; charset=utf-8")
        writer.field("Content-Length", text.utf8.count)
        finish(&writer, keepsConnection: keepsConnection)
        var bytes = writer.buffer
        if current?.head.method != "HEAD" { bytes.writeString(text) }
        send(bytes)
        context?.flush()
        finishAnswer(keepsConnection: keepsConnection)
    }

    /// Hands the origin's own error on: its status, body and safe fields.
    func relay(_ answer: OriginAnswer) {
        var writer = writer(status: answer.status)
        writer.fields(answer.headers.forClient)
        writer.field("X-Dragonfly-Error-Type", Refusal.Culprit.backend.rawValue)
        writer.field("Content-Length", answer.body.readableBytes)
        finish(&writer)
        send(writer.buffer)
        send(answer.body)
        context?.flush()
        finishAnswer()
    }

    /// RFC 9110 §15.5.17.
    func refuseRange(length: Int64) {
        var writer = writer(status: 416)
        writer.field("Content-Range", "bytes */\(length)")
        writer.field("X-Dragonfly-Error-Type", Refusal.Culprit.proxy.rawValue)
        writer.field("Content-Length", 0)
        finish(&writer)
        send(writer.buffer)
        context?.flush()
        finishAnswer()
    }

    /// A writer that has written the status line, and remembers the status for the log.
    func writer(status: Int) -> ResponseWriter {
        current?.status = status
        return ResponseWriter(status: status, allocator: context?.channel.allocator ?? ByteBufferAllocator())
    }

    /// Adds the fields of every answer of ours and ends the head.
    func finish(_ writer: inout ResponseWriter, keepsConnection: Bool = true) {
        if let wireID = current?.wireID { writer.field("X-Dragonfly-Task-ID", wireID.description) }
        writer.field("X-Dragonfly-Server-IP", loop.configuration.serverIP)
        writer.field("Via", "1.1 " + loop.configuration.name)
        writer.field("Date", loop.dateText())
        writeConnection(&writer, keepsConnection: keepsConnection)
        writer.end()
        current?.isHeadSent = true
    }

    /// Says what becomes of the connection, where it isn't what the client's version expects.
    func writeConnection(_ writer: inout ResponseWriter, keepsConnection: Bool) {
        if !machine.keepsConnection || !keepsConnection {
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

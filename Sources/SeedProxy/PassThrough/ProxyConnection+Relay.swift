import HTTPTypes
import NIOCore

/// The client's side of a request that goes straight through.
extension ProxyConnection {
    /// - Parameter reason: why the cache could not serve it, if it was tried.
    func startRelay(of head: RequestHead, to url: OriginURL, because reason: String? = nil) {
        current?.outcome = .bypass
        let relay = Relay(head, to: url, reason: reason, client: self)
        self.relay = relay
        relay.start(with: loop.dialer, on: loop.eventLoop)
    }

    /// Asks the origin again: it did not answer HEAD as HEAD.
    func askOneByte(of head: RequestHead, at url: OriginURL, because reason: String?) {
        relay?.cancel()
        let relay = Relay(head, to: url, reason: reason, client: self, asksOneByte: true)
        self.relay = relay
        relay.start(with: loop.dialer, on: loop.eventLoop)
    }

    /// 1xx: the real answer follows.
    func relayInterim(status: Int, fields: HTTPFields) {
        var writer = HeadBytes(status: status)
        writer.fields(fields)
        send(writer.finish())
        context?.flush()
    }

    func relayHead(status: Int, fields: HTTPFields, isChunked: Bool, reason: String?, keepsConnection: Bool) {
        var writer = writer(status: status)
        writer.fields(fields)
        if isChunked { writer.field("Transfer-Encoding", "chunked") }
        let name = loop.configuration.name
        writer.field("Via", "1.1 " + name)
        writer.field("Cache-Status", "\(name); fwd=bypass" + (reason.map { "; detail=\"\($0)\"" } ?? ""))
        if status >= 400 { writer.field("X-Dragonfly-Error-Type", Refusal.Culprit.backend.rawValue) }
        // The rest of a body that the origin did not wait for would be read as the next request.
        writeConnection(&writer, keepsConnection: keepsConnection && machine.isRequestRead)
        current?.isHeadSent = true
        headBytes = writer.finish()
    }

    func relayBody(_ bytes: ByteBuffer, isChunked: Bool) {
        current?.bytes += Int64(bytes.readableBytes)
        loop.metrics.bytesSent.count(bytes.readableBytes)
        guard isChunked else { return send(bytes) }
        for part in Chunk.framed(bytes) { send(part) }
    }

    func relayEnd(isChunked: Bool, keepsConnection: Bool) {
        queueHead()
        if isChunked { send(Chunk.last) }
        context?.flush()
        finishAnswer(keepsConnection: keepsConnection)
    }
}

import HTTPTypes
import NIOCore
import NIOHTTP1
import SeedOrigin

/// One request that goes straight through: bytes both ways, each side read only as fast as the other side takes them.
///
/// Both channels live on one event loop, so the calls between them are plain calls.
final class Relay {
    /// How the client learns where the answer's body ends.
    private enum Framing {
        case noBody
        case length
        case chunked
        case untilClose
    }

    private let head: RequestHead
    private let url: OriginURL
    private let reason: String?
    private let name: String
    /// A HEAD that is asked as a GET of one byte, because the origin did not answer it as HEAD.
    private let asksOneByte: Bool
    /// `nil` once the relay is over.
    private weak var client: ProxyConnection?
    private var upstream: (any Channel)?
    /// The proxy that reads our head; nil when the origin does.
    private var proxy: OriginProxy?
    private var framing = Framing.noBody
    /// Its head has been handed on.
    private var hasAnswer = false
    private var lastProgress = NIODeadline.now()

    init(_ head: RequestHead, to url: OriginURL, reason: String?, client: ProxyConnection, asksOneByte: Bool = false) {
        self.asksOneByte = asksOneByte
        self.head = head
        self.url = url
        self.reason = reason
        self.client = client
        name = client.loop.configuration.name
    }

    func start(with dialer: Dialer, on loop: any EventLoop) {
        proxy = url.isTLS ? nil : dialer.proxy
        let bound = NIOLoopBound(self, eventLoop: loop)
        dialer.dial(url, on: loop) { try Upstream.install(for: bound.value, in: $0) }
            .assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let channel): connected(channel)
                case .failure(let error): originFailed(error)
                }
            }
    }

    /// The client left, or the answer is complete.
    func cancel() {
        client = nil
        upstream?.close(promise: nil)
        upstream = nil
    }

    func tick(_ now: NIODeadline, clientIsSlow: Bool) {
        if clientIsSlow { lastProgress = now }
        guard let client, now - lastProgress > TimeAmount(client.loop.configuration.relayTimeout) else { return }
        client.fail(.silentOrigin)
    }

    private func connected(_ channel: any Channel) {
        guard let client else { return channel.close(promise: nil) }
        upstream = channel
        lastProgress = .now()
        channel.write(HTTPClientRequestPart.head(decodersHead), promise: nil)
        if !head.hasBody { channel.write(HTTPClientRequestPart.end(nil), promise: nil) }
        channel.flush()
        channel.read()
        client.advance()
    }

    /// Only what the decoder of the answer must know: the rest is in the encoder's bytes.
    private var decodersHead: HTTPRequestHead {
        let method = asksOneByte ? HTTPMethod.GET : HTTPMethod(rawValue: head.methodText)
        return HTTPRequestHead(version: .http1_1, method: method, uri: "/")
    }

    func makeEncoder() -> OriginRequestEncoder {
        OriginRequestEncoder(
            head: head.forOrigin(url, via: name, asksOneByte: asksOneByte, proxy: proxy), isChunked: head.isChunked)
    }
}

// MARK: From the client

extension Relay {
    /// Whether a part of the request's body can be handed on now.
    var takesBody: Bool { upstream?.isWritable ?? false }

    func clientSent(_ bytes: ByteBuffer) {
        lastProgress = .now()
        upstream?.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(bytes)), promise: nil)
    }

    func clientEnded() {
        lastProgress = .now()
        upstream?.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    func clientMayTakeMore() {
        guard client?.context?.channel.isWritable == true else { return }
        upstream?.read()
    }
}

// MARK: From the origin

extension Relay {
    func originAnswered(_ answer: HTTPResponseHead) {
        guard let client else { return }
        lastProgress = .now()
        let status = Int(answer.status.code)
        guard status >= 100, status != 101 else {
            return client.fail(
                .unreachable("The origin answered with status \(status), which is not an answer to this request."))
        }
        guard status >= 200 else { return hand(interim: answer) }
        // The client would take it for a wish of ours.
        guard proxy == nil || status != 407 else {
            return client.fail(.unreachable("The proxy in backend.proxy wants other credentials."))
        }
        if asksOneByte { return answerHead(status, HTTPFields(answer.headers).endToEnd) }
        if head.method == .head, answer.isNoHeadOfGet { return client.askOneByte(of: head, at: url, because: reason) }
        let codings = answer.headers[canonicalForm: "transfer-encoding"]
        guard codings.isEmpty || codings.count == 1 && codings[0].lowercased() == "chunked" else {
            return client.fail(.unreachable("The origin used a transfer coding that was not asked for."))
        }
        framing = framing(of: answer, isChunked: !codings.isEmpty)
        hasAnswer = true
        var fields = HTTPFields(answer.headers).endToEnd
        if framing == .chunked || framing == .untilClose || status == 204 { fields[.contentLength] = nil }
        client.relayHead(
            status: status, fields: fields, isChunked: framing == .chunked, reason: reason,
            keepsConnection: framing != .untilClose)
    }

    func originSent(_ bytes: ByteBuffer) {
        lastProgress = .now()
        guard framing != .noBody, bytes.readableBytes > 0 else { return }
        client?.relayBody(bytes, isChunked: framing == .chunked)
    }

    func originEnded() {
        guard hasAnswer else { return originFailed(ChannelError.eof) }
        client?.relayEnd(isChunked: framing == .chunked, keepsConnection: framing != .untilClose)
    }

    /// All that had come is handed on.
    func originPaused() {
        client?.context?.flush()
        clientMayTakeMore()
    }

    func originMayTakeMore() {
        lastProgress = .now()
        client?.advance()
    }

    func originFailed(_ error: any Error) {
        client?.fail(error as? Refusal ?? .unreachable("The origin's answer broke off or was not HTTP/1.1."))
    }

    /// Makes the answer to HEAD out of one to GET (docs/http-contract.md). Nothing more is read of that.
    private func answerHead(_ status: Int, _ fields: HTTPFields) {
        var fields = fields
        var status = status
        if status == 206, case .part(_, total: let total?)? = fields[.contentRange].flatMap(ContentRange.init(parsing:))
        {
            status = 200
            fields[.contentLength] = "\(total)"
        } else if status == 416, fields[.contentRange].flatMap(ContentRange.init(parsing:)) == .unsatisfied(total: 0) {
            status = 200
            fields[.contentLength] = "0"
        }
        fields[.contentRange] = nil
        client?.relayHead(status: status, fields: fields, isChunked: false, reason: reason, keepsConnection: true)
        client?.relayEnd(isChunked: false, keepsConnection: true)
    }

    private func hand(interim answer: HTTPResponseHead) {
        guard head.minorVersion > 0 else { return }  // HTTP/1.0 knows no interim answers
        var fields = HTTPFields(answer.headers).endToEnd
        fields[.contentLength] = nil
        client?.relayInterim(status: Int(answer.status.code), fields: fields)
    }

    private func framing(of answer: HTTPResponseHead, isChunked: Bool) -> Framing {
        if head.method == .head || answer.status == .noContent || answer.status == .notModified { return .noBody }
        if isChunked { return head.minorVersion > 0 ? .chunked : .untilClose }
        return answer.headers.contains(name: "content-length") ? .length : .untilClose
    }
}

extension HTTPResponseHead {
    /// The origin refuses HEAD (as signed URLs for GET do), or does not say what GET would: how long the object is.
    fileprivate var isNoHeadOfGet: Bool {
        switch status.code {
        case 403, 405, 501: true
        case 200: !headers.contains(name: "content-length")
        default: false
        }
    }
}

extension HTTPFields {
    init(_ headers: HTTPHeaders) {
        self.init()
        reserveCapacity(headers.count)
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }  // the decoder lets tokens through only
            append(HTTPField(name: name, value: value))
        }
    }
}

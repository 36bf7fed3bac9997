import CCurl
import EventLoops
import Glibc
import HTTPSemantics
import SeedSupport

/// One exchange on its way through curl. It lives on its driver's loop.
package final class Transfer {
    package let request: TransferRequest
    /// Nil while it waits for a name lookup, and after the end.
    private(set) var easy: EasyHandle?
    /// When something last moved.
    private(set) var lastProgress: MonotonicTime
    /// The name that is being looked up for it.
    private(set) var lookup: String?
    private(set) var isReceivingPaused = false
    private(set) var isSendingPaused = false
    /// Whether it waits for a name lookup of its own to begin.
    var isInLine = false
    /// The time limit for connecting runs from here.
    private(set) var begun: MonotonicTime

    /// Nil after the end.
    private var core: DriverCore?
    private var delegate: (any TransferDelegate)?
    private let settings: TransferSettings
    private var bytesToSend: Int64
    private var attempt: Attempt

    /// - Parameter core: nil: it is over before it began.
    init(_ request: TransferRequest, _ delegate: any TransferDelegate, _ core: DriverCore?) {
        self.request = request
        self.delegate = delegate
        self.core = core
        settings = core?.settings ?? TransferSettings()
        attempt = Attempt(request, settings)
        begun = .coarseNow()
        lastProgress = begun
        bytesToSend = if case .length(let length) = request.body { length } else { .max }
    }

    /// One that was begun after the driver's end.
    static func over(_ request: TransferRequest, _ delegate: any TransferDelegate, on loop: EventLoop) -> Transfer {
        let transfer = Transfer(request, delegate, nil)
        loop.later { transfer.end(.cancelled) }
        return transfer
    }

    /// Whether it is over, or about to be.
    package var isOver: Bool { core == nil }

    /// Goes on receiving after `pause`, also when called in the very callback that asks for the pause. Without one it does
    /// nothing.
    package func resume() {
        core?.multi.whenFree { [self] in
            guard isReceivingPaused else { return }
            // curl may read and write in one go.
            if let socket = attempt.socket, MultiHandle.isBroken(socket) { _ = holdsSending(on: socket) }
            change(receiving: false, sending: isSendingPaused)
        }
    }

    /// Goes on sending after `nothingYet`. Otherwise it does nothing.
    package func resumeSending() {
        core?.multi.whenFree { [self] in
            if isSendingPaused, !attempt.isSendingHeld { change(receiving: isReceivingPaused, sending: false) }
        }
    }

    /// Ends it at once; the delegate hears nothing more. After the end it does nothing.
    package func cancel() {
        guard let core else { return }
        let easy = self.easy
        core.forget(self)
        leave()
        // Inside a callback the handle is still curl's; that callback breaks the exchange off.
        if let easy { core.multi.whenFree { [self] in core.remove(self, easy) } }
    }

    private func change(receiving: Bool, sending: Bool) {
        guard let core, let easy else { return }
        (isReceivingPaused, isSendingPaused) = (receiving, sending)
        lastProgress = core.loop.now
        core.watchForStalls(self)
        let code = core.multi.pause(easy, receiving: receiving, sending: sending)
        switch code {
        case CURLE_OK: noteResponseEnd()
        case CURLE_BAD_FUNCTION_ARGUMENT: break  // curl has ended it, and its word is on the way
        default: core.ended(self, code)  // curl does not report a transfer that fails while it goes on
        }
    }

    /// Whether this transfer waits for the server. Once it has responded, a client that sends no more is not waited
    /// for.
    var isWaitingForServer: Bool { easy != nil && !isReceivingPaused && (!isSendingPaused || attempt.early != nil) }

    /// How long nothing may move. After the end of an early response no longer than nginx waits for the rest of a request.
    var stallLimit: Duration {
        let limit = request.noProgressTimeout ?? settings.noProgressTimeout
        return attempt.early?.isOver == true ? min(limit, .seconds(5)) : limit
    }

    var outcomeOfStall: TransferOutcome {
        if attempt.early?.isOver == true { return complete() }
        return .failed(error(.timeout, "\(request.url.publicText) sent nothing for \(stallLimit)"))
    }

    // MARK: What the driver does

    func lookUpBegan(_ name: String) { lookup = name }

    func start(_ easy: EasyHandle) {
        self.easy = easy
        if let core { lastProgress = core.loop.now }
    }

    /// Tells the delegate how it ended. The handle must have been returned.
    func end(_ outcome: TransferOutcome) {
        let delegate = delegate
        leave()
        delegate?.transferEnded(outcome)
    }

    private func leave() {
        if let lookup { core?.lookUpAbandoned(lookup) }
        (core, delegate, easy, lookup) = (nil, nil, nil, nil)
    }

    /// What curl's result means.
    func outcome(of code: CURLcode) -> TransferOutcome {
        if let outcome = attempt.ownOutcome { return outcome }
        guard !attempt.needsFreshConnection else {
            return .failed(error(.cut, "no connection to \(request.url.publicText) lasted until its response"))
        }
        // A response that has ended is complete, even if the rest of the request couldn't be sent.
        guard code == CURLE_OK || attempt.early?.isOver == true else { return .failed(failure(code)) }
        guard attempt.collector.isComplete else {
            return .failed(error(.badResponse, "\(request.url.publicText) sent no response head"))
        }
        return complete()
    }

    private func complete() -> TransferOutcome {
        let trailers = attempt.collector.trailers
        if !trailers.isEmpty { delegate?.transferTrailers(trailers) }
        return .complete
    }

    func error(_ kind: TransferError.Kind, _ message: String) -> TransferError {
        var error = TransferError(kind, message)
        error.hasConnected = attempt.hasConnected
        return error
    }

    private func failure(_ code: CURLcode) -> TransferError {
        if let refusal = attempt.refusal, !attempt.hasDialled { return refusal }
        var error = TransferError(code, detail: easy?.errorDetail ?? "", url: request.url.publicText)
        error.hasConnected = attempt.hasConnected
        // A proxy that breaks off before it opens the tunnel.
        if error.kind == .cut, !attempt.hasConnected { error.kind = .unreachable }
        return error
    }
}

// MARK: Connections

extension Transfer {
    /// What curl doesn't look at when it chooses a connection.
    var requirements: ConnectionPool.Table.Requirements {
        ConnectionPool.Table.Requirements(
            tunnel: isTunnelled ? request.proxyFields : [:], mayBeHTTP2: request.mayBeHTTP2)
    }

    /// Whether the connection is clean once curl has ended the exchange: the request was sent in full, the response had an
    /// unambiguous end and no byte beyond it, and neither made the connection one client's. A refusal doesn't tell whether
    /// the server has read the request's body, or will.
    var leavesConnectionClean: Bool {
        guard attempt.ownOutcome == nil, !attempt.needsFreshConnection, let head = attempt.head else { return false }
        return (request.body == .none || bytesToSend == 0) && attempt.early?.isRefusal != true && !attempt.hasSurplus
            && !attempt.collector.hasOddLines
            && head.endsClearly(inResponseTo: request.method)
            && !head.fields.authenticateConnection && !request.fields.authenticateConnection
            && !request.proxyFields.authenticateConnection
    }

    /// Whether curl's result isn't final: the request is sent once more, on a fresh connection. Either it was not sent;
    /// or it may be sent twice, and a connection that was used before ended, or brought something else, before a head.
    func isToBeRepeated(after code: CURLcode) -> Bool {
        guard !attempt.isRepetition else { return false }
        if attempt.needsFreshConnection { return true }
        guard attempt.kept != nil, attempt.head == nil, request.isRepeatable else { return false }
        guard case .failed(let error) = outcome(of: code) else { return false }
        return error.kind == .cut || error.kind == .badResponse
    }

    /// Starts over. The handle must have been returned.
    func repeatOnFreshConnection() {
        attempt = Attempt(request, settings, isRepetition: true)
        begun = .coarseNow()
        (easy, isReceivingPaused, isSendingPaused) = (nil, false, false)
    }

    /// Whether a connection of the pool may be taken.
    var mayReuseConnection: Bool { request.reusesConnection && !attempt.isRepetition }

    /// curl has read bytes behind the response, and dropped them.
    func noteSurplus() { attempt.hasSurplus = true }
}

// MARK: What curl reports

extension Transfer {
    /// One header or trailer line. False breaks the exchange off.
    func takeLine(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let core, attempt.ownOutcome == nil else { return false }
        lastProgress = core.loop.now
        if attempt.tunnelCollector != nil { return takeTunnelLine(line) }
        guard mayBeginResponse(core.pool) else { return false }
        switch attempt.collector.take(line) {
        case .more: return true
        case .interim(let head):
            delegate?.transferInterim(head)
            return !isOver
        case .complete(let head): return takeHead(head)
        case .refused(var error):
            error.hasConnected = true
            return breakOff(.failed(error))
        }
    }

    /// A response that was sent before its request belongs to no request.
    private func mayBeginResponse(_ pool: ConnectionPool) -> Bool {
        guard let kept = attempt.kept, !attempt.hasBegunResponse else { return true }
        attempt.hasBegunResponse = true
        guard request.isRepeatable, pool.isTooSoon(kept.descriptor, sent: kept.sent) else { return true }
        attempt.needsFreshConnection = true
        return false
    }

    /// One header line of the response to CONNECT. A refusal ends here, as curl gives no byte of the body behind it.
    private func takeTunnelLine(_ line: UnsafeRawBufferPointer) -> Bool {
        switch attempt.tunnelCollector?.take(line) {
        case .complete(let head) where !head.isSuccess:
            let message = "the proxy opens no tunnel to \(request.url.publicText): status \(head.status)"
            var refusal = error(.noTunnel, message)
            refusal.tunnelResponse = head
            return breakOff(.failed(refusal))
        case .refused(let error): return breakOff(.failed(error))
        case .more, .interim, .complete, nil: return true
        }
    }

    private func takeHead(_ head: TransferHead) -> Bool {
        // Not about this request: the connection was idle for longer than the server allows.
        if head.status == 408, attempt.kept != nil, request.isRepeatable, request.repeatsAfter408 {
            attempt.needsFreshConnection = true
            return false
        }
        attempt.head = head
        if head.isWithoutBody(inResponseTo: request.method) || head.isChunked { easy?.reportSurplus() }
        guard delegate?.transferHead(head) == true else { return breakOff(.stopped) }
        if request.method == .head, request.body != .none { return breakOff(.complete) }
        if request.body != .none { noteEarlyResponse(head) }
        return !isOver
    }

    private func noteEarlyResponse(_ head: TransferHead) {
        attempt.early = EarlyResponse(head)
        core?.watchForStalls(self)
        // curl is not done as long as sending is paused; now `giveBody` says that there is nothing to send.
        if attempt.early?.isRefusal == true { resumeSending() }
    }

    /// Body bytes: how many were taken, or curl's word for a pause. Fewer than offered breaks the exchange off.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let core, let delegate, attempt.ownOutcome == nil, !bytes.isEmpty else { return 0 }
        guard attempt.head != nil else {
            _ = breakOff(.failed(error(.badResponse, "\(request.url.publicText) sent a body without a head")))
            return 0
        }
        lastProgress = core.loop.now
        switch delegate.transferBody(bytes) {
        case .taken:
            attempt.early?.took(bytes.count)
            return isOver ? 0 : bytes.count
        case .pause:
            isReceivingPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        case .stop:
            _ = breakOff(.stopped)
            return 0
        }
    }

    /// Bytes of the request's body: how many were put into the room, or curl's word for a pause or for breaking off.
    func giveBody(_ room: UnsafeMutableRawBufferPointer) -> Int {
        guard core != nil, let delegate, attempt.ownOutcome == nil else { return Int(CURL_READFUNC_ABORT) }
        guard bytesToSend > 0, attempt.early?.isRefusal != true else { return 0 }
        switch delegate.transferNeedsBody(contentRoom(in: room)) {
        case .bytes(let count): return gave(count, in: room)
        case .nothingYet:
            isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        case .end where request.body == .chunked:
            bytesToSend = 0
            return gave(0, in: room)
        case .end:
            _ = breakOff(.failed(error(.local, "the request's body ended before its declared length")))
            return Int(CURL_READFUNC_ABORT)
        }
    }

    private func contentRoom(in room: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        if request.body == .chunked { return ChunkFraming.content(of: room) }
        return UnsafeMutableRawBufferPointer(rebasing: room[..<Int(min(Int64(room.count), bytesToSend))])
    }

    /// The length of what is to be sent, with its framing; nothing: the end of the body.
    private func gave(_ count: Int, in room: UnsafeMutableRawBufferPointer) -> Int {
        guard let core else { return Int(CURL_READFUNC_ABORT) }
        lastProgress = core.loop.now
        guard request.body == .chunked else {
            bytesToSend -= Int64(count)
            return count
        }
        return count > 0 ? ChunkFraming.close(count, in: room) : ChunkFraming.putEnd(into: room)
    }

    /// Opens the socket for an address that the policy permits.
    func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        lookUpEnded(true)
        guard let core else { return seed_curl_socket_bad() }
        guard let remote = Self.address(address) else {
            attempt.refusal = error(.forbiddenAddress, "an address that is neither IPv4 nor IPv6 must not be dialled")
            return seed_curl_socket_bad()
        }
        if let refusal = policyRefusal(of: remote) {
            attempt.refusal = refusal
            return seed_curl_socket_bad()
        }
        if isTunnelled { attempt.tunnelCollector = HeadCollector(limit: settings.headLimit) }
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        let opened = Glibc.socket(address.pointee.family, type, address.pointee.`protocol`)
        if opened < 0, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
            let reason = String(cString: strerror(errno))
            attempt.refusal = error(.local, "no connection could be opened: \(reason) (ulimit -n is the limit)")
        } else {
            attempt.hasDialled = true
        }
        if opened >= 0 { core.opened(opened, to: remote, by: self) }
        return opened
    }

    private static func address(_ address: UnsafeMutablePointer<curl_sockaddr>) -> SocketAddress? {
        seed_curl_address(address).flatMap { SocketAddress(socketAddress: $0) }
    }

    private func policyRefusal(of address: SocketAddress) -> TransferError? {
        // The configured proxy is the operator's choice, and it is the proxy that dials the origin.
        guard proxy == nil, let policy = core?.dialPolicy else { return nil }
        return policy.refusal(of: address)
    }

    /// The proxy that dials.
    var proxy: String? { request.proxy ?? settings.proxy }

    private var isTunnelled: Bool { proxy != nil && request.url.scheme == "https" }

    /// Whether the request may be sent on the connection with this local port.
    func maySend(from localPort: Int, to remote: () -> SocketAddress?) -> Bool {
        // A kept connection was used, and no name looked up.
        lookUpEnded(false)
        guard let core, attempt.ownOutcome == nil else { return false }
        attempt.tunnelCollector = nil
        if request.onlyConnects { return breakOff(.complete) }
        return maySend(on: core.admit(self, localPort: localPort, remote: remote))
    }

    /// Whether the request may be sent. curl asks a second time when it is about to repeat it: on another connection, as
    /// the kept one was dead, or in another version of HTTP, even in the middle of a response.
    func maySend(on admission: ConnectionPool.Table.Admission) -> Bool {
        if attempt.collector.isComplete {
            let message = "the response of \(request.url.publicText) was broken off to ask again"
            return breakOff(.failed(error(.cut, message)))
        }
        guard !attempt.hasConnected || request.isRepeatable else {
            let message = "the connection to \(request.url.publicText) broke, and a \(request.method) is sent only once"
            return breakOff(.failed(error(.cut, message)))
        }
        switch admission {
        case .fresh: attempt.kept = nil
        case .kept(let descriptor) where !attempt.hasConnected: attempt.kept = (descriptor, .now())
        case .kept, .refused:
            attempt.needsFreshConnection = true
            return false
        }
        attempt.hasConnected = true
        return true
    }

    func lookUpEnded(_ succeeded: Bool) {
        guard let name = lookup else { return }
        lookup = nil
        core?.lookUpEnded(name, succeeded)
    }

    /// Always false, for the callback to return.
    private func breakOff(_ outcome: TransferOutcome) -> Bool {
        attempt.ownOutcome = outcome
        return false
    }
}

// MARK: Responses that come early

extension Transfer {
    /// What curl waits for on a socket from now on; nothing: it has let go of it.
    func curlWaits(for interest: Readiness, on socket: curl_socket_t) {
        if interest.isEmpty {
            guard socket == attempt.socket else { return }
        } else {
            attempt.socket = socket
        }
        attempt.isCurlReading = interest.contains(.read)
        if interest == .write, attempt.early != nil, !isReceivingPaused { attempt.early?.isRead = true }
        noteResponseEnd()
    }

    /// The connection is broken. While an early response waits to be taken, nothing more is sent: what came of it is still
    /// the client's.
    func holdsSending(on socket: curl_socket_t) -> Bool {
        guard socket == attempt.socket, attempt.early != nil, isReceivingPaused else { return false }
        attempt.isSendingHeld = true
        change(receiving: true, sending: true)
        return true
    }

    /// An early response has been read to its end once curl, though nothing holds it back, waits for no more of it; it
    /// tells in no other way. Then it must hear that sending goes on, or it would not be done even where the other side has
    /// closed the connection.
    private func noteResponseEnd() {
        guard attempt.early?.isRead == false, !attempt.isCurlReading, isSendingPaused, !isReceivingPaused else {
            return
        }
        core?.multi.whenFree { [self] in
            guard let core, let easy, isSendingPaused, !isReceivingPaused, !attempt.isCurlReading else { return }
            isSendingPaused = false
            // Any other code: it is not the response that has ended but the transfer, and curl's word is on the way.
            if core.multi.pause(easy, receiving: false, sending: false) == CURLE_OK { attempt.early?.isRead = true }
        }
    }
}

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
    /// The response came before the request was sent in full, and curl was told that sending waits.
    private(set) var hasEarlyResponse = false

    /// Nil after the end.
    private var core: DriverCore?
    private var delegate: (any TransferDelegate)?
    private let settings: TransferSettings
    private var collector: HeadCollector
    private var bytesToSend: Int64
    /// Set when this side broke the exchange off: what that means.
    private var ownOutcome: TransferOutcome?
    private var refusal: TransferError?
    private var hasDialled = false
    /// The request may have been sent, at least in part.
    private var hasConnected = false

    /// - Parameter core: nil: it is over before it began.
    init(_ request: TransferRequest, _ delegate: any TransferDelegate, _ core: DriverCore?) {
        self.request = request
        self.delegate = delegate
        self.core = core
        settings = core?.settings ?? TransferSettings()
        collector = HeadCollector(limit: settings.headLimit)
        lastProgress = .coarseNow()
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
            if isReceivingPaused { change(receiving: false, sending: isSendingPaused) }
        }
    }

    /// Goes on sending after `nothingYet`. Otherwise it does nothing.
    package func resumeSending() {
        core?.multi.whenFree { [self] in
            if isSendingPaused { change(receiving: isReceivingPaused, sending: false) }
        }
    }

    /// Ends it at once; the delegate hears nothing more. After the end it does nothing.
    package func cancel() {
        guard let core else { return }
        let easy = self.easy
        core.forget(self)
        leave()
        // Inside a callback the handle is still curl's; that callback breaks the exchange off.
        if let easy { core.multi.whenFree { [self] in withExtendedLifetime(self) { core.multi.remove(easy) } } }
    }

    private func change(receiving: Bool, sending: Bool) {
        guard let core, let easy else { return }
        (isReceivingPaused, isSendingPaused) = (receiving, sending)
        lastProgress = core.loop.now
        core.watchForStalls(self)
        let code = core.multi.pause(easy, receiving: receiving, sending: sending)
        // curl does not report a transfer that fails while it goes on.
        if code != CURLE_OK { core.ended(self, code) }
    }

    /// Whether the other side is the one to move.
    var isWaitingForPeer: Bool { easy != nil && !isReceivingPaused && (!isSendingPaused || hasEarlyResponse) }

    // MARK: What the driver does

    func lookUpBegan(_ name: String) { lookup = name }

    func start(_ easy: EasyHandle) {
        self.easy = easy
        if let core { lastProgress = core.loop.now }
    }

    /// With the early response read to its end curl is done only once nothing is paused any more.
    func drainEarlyResponse() {
        guard let core, let easy else { return }
        isSendingPaused = false
        let code = core.multi.pause(easy, receiving: isReceivingPaused, sending: false)
        if code != CURLE_OK { core.ended(self, code) }
    }

    /// Tells the delegate how it ended. The handle must have been given back.
    func end(_ outcome: TransferOutcome) {
        let delegate = delegate
        leave()
        delegate?.transferEnded(outcome)
    }

    private func leave() {
        if lookup != nil { core?.lookUpAbandoned() }
        (core, delegate, easy, lookup) = (nil, nil, nil, nil)
    }

    /// What curl's result means.
    func outcome(of code: CURLcode) -> TransferOutcome {
        if let ownOutcome { return ownOutcome }
        guard code == CURLE_OK else { return .failed(failure(code)) }
        guard collector.isComplete else {
            return .failed(error(.badResponse, "\(request.url.publicText) sent no response head"))
        }
        if !collector.trailers.isEmpty { delegate?.transferTrailers(collector.trailers) }
        return .complete
    }

    func error(_ kind: TransferError.Kind, _ message: String) -> TransferError {
        var error = TransferError(kind, message)
        error.hasConnected = hasConnected
        return error
    }

    private func failure(_ code: CURLcode) -> TransferError {
        if let refusal, !hasDialled { return refusal }
        var error = TransferError(code, detail: easy?.errorDetail ?? "", url: request.url.publicText)
        error.hasConnected = hasConnected
        return error
    }
}

// MARK: What curl reports

extension Transfer {
    /// One header or trailer line. False breaks the exchange off.
    func takeLine(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let core, ownOutcome == nil else { return false }
        lastProgress = core.loop.now
        switch collector.take(line) {
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

    private func takeHead(_ head: TransferHead) -> Bool {
        guard delegate?.transferHead(head) == true else { return breakOff(.stopped) }
        if request.method == .head, request.body != .none { return breakOff(.complete) }
        if request.body != .none, bytesToSend > 0 {
            hasEarlyResponse = true
            core?.noteEarlyResponse(self)
        }
        return !isOver
    }

    /// Body bytes: how many were taken, or curl's word for a pause. Fewer than offered breaks the exchange off.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let core, let delegate, ownOutcome == nil else { return 0 }
        lastProgress = core.loop.now
        switch delegate.transferBody(bytes) {
        case .taken: return isOver ? 0 : bytes.count
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
        guard let core, let delegate, ownOutcome == nil else { return Int(CURL_READFUNC_ABORT) }
        lastProgress = core.loop.now
        guard bytesToSend > 0 else { return 0 }
        let room = UnsafeMutableRawBufferPointer(rebasing: room[..<Int(min(Int64(room.count), bytesToSend))])
        switch delegate.transferNeedsBody(room) {
        case .bytes(let count):
            if request.body != .chunked { bytesToSend -= Int64(count) }
            return isOver ? Int(CURL_READFUNC_ABORT) : count
        case .nothingYet:
            isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        case .end where request.body == .chunked:
            bytesToSend = 0
            return 0
        case .end:
            _ = breakOff(.failed(error(.local, "the request's body ended before its declared length")))
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// Opens the socket for an address that the policy permits.
    func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        lookUpEnded(true)
        guard core != nil else { return seed_curl_socket_bad() }
        if collector.isComplete {
            // The response has come and gone: curl is about to repeat the request by itself.
            ownOutcome = .complete
            return seed_curl_socket_bad()
        }
        if let refusal = policyRefusal(of: address) {
            self.refusal = refusal
            return seed_curl_socket_bad()
        }
        hasDialled = true
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.`protocol`)
    }

    private func policyRefusal(of address: UnsafeMutablePointer<curl_sockaddr>) -> TransferError? {
        // The configured proxy is the operator's choice, and it is the proxy that dials the origin.
        guard settings.proxy == nil, let policy = settings.dialPolicy else { return nil }
        guard let raw = seed_curl_address(address), let dialled = SocketAddress(socketAddress: raw) else {
            return TransferError(.forbiddenAddress, "an address that is neither IPv4 nor IPv6 must not be dialled")
        }
        return policy.refusal(of: dialled)
    }

    /// Whether the request may be sent. curl asks a second time when it is about to repeat it: on another connection, as
    /// the kept one was dead, or without Expect after a 417.
    func maySend() -> Bool {
        lookUpEnded(true)
        guard core != nil, ownOutcome == nil else { return false }
        defer { hasConnected = true }
        if collector.isComplete {
            ownOutcome = .complete
            return false
        }
        guard !hasConnected || request.isRepeatable else {
            let message = "the connection to \(request.url.publicText) broke, and a \(request.method) is sent only once"
            return breakOff(.failed(error(.cut, message)))
        }
        return true
    }

    func lookUpEnded(_ succeeded: Bool) {
        guard let name = lookup else { return }
        lookup = nil
        core?.lookUpEnded(name, succeeded)
    }

    /// Always false, for the callback to return.
    private func breakOff(_ outcome: TransferOutcome) -> Bool {
        ownOutcome = outcome
        return false
    }
}

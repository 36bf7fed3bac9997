import HTTPSemantics
import HTTPTransfers
import SeedSupport

/// One request for the cache: follows redirects, receives its transfer's events, feeds the sink, and decides the
/// outcome. It lives on the driver's loop.
final class OriginFetch {
    /// What to do once an exchange is over.
    enum Next: Equatable {
        case end(OriginOutcome)
        /// The next exchange, at another URL.
        case goOn
    }

    /// Why the transfer is paused.
    enum Pause: String, CaseIterable {
        /// The sink has no room.
        case sink = "no_room"
        /// The configured bandwidth is used up.
        case rate = "bandwidth"
    }

    let id: UInt64
    let request: OriginRequest
    let sink: any OriginSink
    /// The request's, or a more urgent one since.
    var priority: OriginPriority
    /// Where the request goes now; a redirect changes it.
    private(set) var url: TransferURL
    /// The origin first asked: its slot is held to the end.
    let host: String
    /// The exchange under way.
    var transfer: Transfer?
    private(set) var pause: Pause?

    private let configuration: OriginConfiguration
    private unowned let dispatcher: OriginDispatcher
    private var sharedState: SharedOriginState { dispatcher.sharedState }
    private var redirect: RedirectState
    private var meter: BodyMeter?
    private var drained = 0
    /// The outcome when we aborted the exchange.
    private var ownOutcome: OriginOutcome?
    private var hasResponded = false
    /// When the exchange under way began.
    private var began = MonotonicTime.now()

    /// Throws `badURL` if the request's URL is invalid.
    init(
        id: UInt64, request: OriginRequest, sink: any OriginSink, configuration: OriginConfiguration,
        dispatcher: OriginDispatcher
    ) throws(OriginError) {
        self.id = id
        self.request = request
        priority = request.priority
        self.sink = sink
        self.configuration = configuration
        self.dispatcher = dispatcher
        do {
            url = try TransferURL(request.url)
        } catch {
            throw OriginError(error)
        }
        host = url.origin
        redirect = RedirectState(request, from: url)
    }

    /// Goes to the remembered redirect target, if any. False: another request is resolving it; `sharedState.released`
    /// will list this one, which then tries again.
    func followKnownRedirect() -> Bool {
        guard redirect.isAtStart, let key = redirect.lookUpKey else { return true }
        switch sharedState.redirects.route(id, key, now: .now()) {
        case .unknown: break
        case .wait: return false
        case .resolve: redirect.isResolving = true
        case .target(let target):
            guard let target = redirect.jump(to: target) else { break }
            url = target
            sharedState.metrics.rememberedRedirects.add()
        }
        return true
    }

    /// How long the host is still left alone; nil if it may be asked.
    var circuitWait: Duration? { sharedState.admit(id, to: url.origin) }

    /// What the next exchange sends.
    func prepare() throws(OriginError) -> TransferRequest {
        if let refusal = dispatcher.addressGuard.refusal(of: url) { throw refusal }
        if let refusal = dispatcher.forbidden.refusal(of: url) { throw refusal }
        (drained, hasResponded, pause, began) = (0, false, nil, .now())
        let lines = RequestLines(request, userAgent: configuration.userAgent, crossedOrigins: redirect.crossedOrigins)
        var exchange = TransferRequest(
            url, method: request.method == .head ? .head : .get, fields: lines.fields,
            isThroughPlainProxy: configuration.isThroughPlainProxy(url))
        exchange.httpVersion = configuration.httpVersion == .http2 ? .http2 : .http1
        exchange.expectedLength = request.expectedLength
        return exchange
    }

    /// What follows after an exchange has ended. `goOn`: the URL has changed, and `followKnownRedirect` is next.
    func next(after outcome: TransferOutcome) -> Next {
        if !hasResponded, case .failed = outcome { sharedState.metrics.observe(.failed, since: began) }
        if let next = redirect.takeNext() {
            url = next
            return .goOn
        }
        if let ownOutcome { return .end(ownOutcome) }
        switch outcome {
        case .complete: return .end(meter?.outcome ?? .failed(OriginError(.badResponse, "no head came")))
        case .cancelled: return .end(.cancelled)
        case .stopped: return .end(.rejected)
        case .failed(let error): return .end(.failed(OriginError(error)))
        }
    }

    /// The last step: updates the shared state.
    func settle(_ outcome: OriginOutcome) {
        sharedState.rates.withdraw(id)
        if case .failed(let error) = outcome { learn(from: error) }
        if let key = redirect.key { sharedState.released += sharedState.redirects.end(id, key) }
    }

    private func learn(from error: OriginError) {
        if !hasResponded, error.isOfHost { sharedState.failed(id, at: url.origin) }
        // Resolving the redirects again may lead to a healthy host.
        if let key = redirect.key, let target = redirect.remembered { sharedState.redirects.doubt(key, target) }
    }

    /// Goes on if it was paused for this reason.
    func resume(_ reason: Pause) {
        guard pause == reason else { return }
        pause = nil
        transfer?.resume()
    }
}

// MARK: What the transfer reports

extension OriginFetch: TransferDelegate {
    func transferHead(_ transferHead: TransferHead) -> Bool {
        let head = OriginHead(transferHead, url: url.text)
        hasResponded = true
        sharedState.metrics.observe(.init(status: head.status), since: began)
        if head.status == 407, configuration.transfers.proxy != nil {
            // A client would read it as our own challenge.
            return breakOff(.failed(OriginError(.badResponse, "the proxy in backend.proxy wants other credentials")))
        }
        noteHealth(head.status)
        if HTTPStatus(head.status).isRedirect, let location = head.headers.first(.location) {
            return turn(to: location.text)
        }
        if let key = redirect.key, let target = redirect.remembered, redirect.turnsBack(at: head.status) {
            sharedState.redirects.doubt(key, target)
            return true
        }
        remember(head.status)
        switch sink.head(head) {
        case .accept(let limit):
            let meter = BodyMeter(head: head, hasBody: request.method != .head, limit: limit)
            self.meter = meter
            return meter.isSurplusAhead ? breakOff(.complete(hasCleanEnd: true)) : true
        case .reject: return breakOff(.rejected)
        }
    }

    /// 501 and 505 report a missing capability; the other 5xx, an unhealthy host.
    private func noteHealth(_ status: Int) {
        if status >= 500, RetryRule.isRetryable(status: status) {
            sharedState.failed(id, at: url.origin)
        } else {
            sharedState.succeeded(url.origin)
        }
    }

    private func remember(_ status: Int) {
        guard let key = redirect.key else { return }
        let isGood = status < 400 || [412, 416, 429].contains(status)
        let now = Timestamp.now()
        if let target = redirect.remembered {
            // Doubted only after 10 seconds: a request that the old target refused may still return here, and must not
            // discard the new target.
            if !isGood { sharedState.redirects.doubt(key, target, from: now + .seconds(10)) }
        } else if redirect.hops > 0, isGood || redirect.isResolving {
            release(
                sharedState.redirects.learn(id, key, url: url.text, crossedOrigins: redirect.crossedOrigins, now: now))
        } else if redirect.isResolving {
            release(sharedState.redirects.end(id, key))
        }
    }

    private func release(_ ids: [UInt64]) {
        sharedState.released += ids
        if !ids.isEmpty { dispatcher.launchSoon() }
    }

    private func turn(to location: String) -> Bool {
        guard redirect.hops < configuration.maxRedirects else {
            let limit = configuration.maxRedirects
            let error = OriginError(.tooManyRedirects, "more than \(limit) redirects, last by \(url.publicText)")
            return breakOff(.failed(error))
        }
        do {
            redirect.follow(from: url, to: try url.resolving(location))
            sharedState.metrics.redirects.add()
            return true
        } catch {
            let message = "\(url.publicText) redirects to where we do not follow: \(error.message)"
            return breakOff(.failed(OriginError(.badResponse, message)))
        }
    }

    func transferBody(_ bytes: UnsafeRawBufferPointer) -> TransferIntake {
        guard !redirect.isTurning else { return drain(bytes.count) }
        guard let count = meter?.admitted(of: bytes.count) else { return .stop }
        guard sharedState.rates.admit(id, priority, now: .now()) else {
            dispatcher.setRateTimer()
            return hold(.rate)
        }
        if count > 0, sink.receive(UnsafeRawBufferPointer(rebasing: bytes[..<count])) == .pause { return hold(.sink) }
        sharedState.rates.took(bytes.count, priority)
        meter?.took(count)
        guard count == bytes.count, meter?.isSurplusAhead == false else {
            _ = breakOff(.complete(hasCleanEnd: true))
            return .stop
        }
        return .taken
    }

    private func hold(_ reason: Pause) -> TransferIntake {
        pause = reason
        sharedState.metrics.paused(reason)
        return .pause
    }

    /// A redirect's body is read only to keep the connection, so not if it is long.
    private func drain(_ count: Int) -> TransferIntake {
        drained += count
        return drained <= 64 * 1024 ? .taken : .stop
    }

    func transferEnded(_ outcome: TransferOutcome) {
        transfer = nil
        dispatcher.concluded(self, outcome)
    }

    /// Always false, for the caller to return.
    private func breakOff(_ outcome: OriginOutcome) -> Bool {
        ownOutcome = outcome
        return false
    }
}

import HTTPSemantics
import HTTPTransfers
import SeedSupport

/// One request of the cached way: goes through redirects, hears what its transfer reports, tells the sink, and decides how
/// it ended. It lives on the driver's loop.
final class OriginFetch {
    /// What to do once an exchange is over.
    enum Next: Equatable {
        case end(OriginOutcome)
        /// The next exchange, at another URL.
        case goOn
    }

    /// Why the transfer keeps its bytes.
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
    private unowned let desk: OriginDesk
    private var memory: OriginMemory { desk.memory }
    private var way: RedirectWay
    private var meter: BodyMeter?
    private var drained = 0
    /// Set when we broke the exchange off: what that means.
    private var ownOutcome: OriginOutcome?
    private var hasAnswered = false
    /// When the exchange under way began.
    private var began = MonotonicTime.now()

    /// Fails (`badURL`) if the request's URL is none of ours.
    init(
        id: UInt64, request: OriginRequest, sink: any OriginSink, configuration: OriginConfiguration, desk: OriginDesk
    ) throws(OriginError) {
        self.id = id
        self.request = request
        priority = request.priority
        self.sink = sink
        self.configuration = configuration
        self.desk = desk
        do {
            url = try TransferURL(request.url)
        } catch {
            throw OriginError(error)
        }
        host = url.origin
        way = RedirectWay(request, from: url)
    }

    /// Turns to where the URL is known to lead. False: another request is finding out; `memory.released` will name this
    /// one, and then it asks again.
    func takeWay() -> Bool {
        guard way.isAtStart, let key = way.lookUpKey else { return true }
        switch memory.redirects.route(id, key, now: .now()) {
        case .unknown: break
        case .wait: return false
        case .resolve: way.isResolving = true
        case .target(let target):
            guard let target = way.jump(to: target) else { break }
            url = target
            memory.metrics.rememberedRedirects.add()
        }
        return true
    }

    /// How long the host is still left alone; nil if it may be asked.
    var circuitWait: Duration? { memory.admit(id, to: url.origin) }

    /// What the next exchange sends.
    func prepare() throws(OriginError) -> TransferRequest {
        if let refusal = desk.addressGuard.refusal(of: url) { throw refusal }
        (drained, hasAnswered, pause, began) = (0, false, nil, .now())
        let lines = RequestLines(request, userAgent: configuration.userAgent, crossedOrigins: way.crossedOrigins)
        var exchange = TransferRequest(
            url, method: request.method == .head ? .head : .get, fields: lines.fields,
            isThroughPlainProxy: configuration.isThroughPlainProxy(url))
        exchange.httpVersion = configuration.httpVersion == .http2 ? .http2 : .http1
        exchange.expectedLength = request.expectedLength
        return exchange
    }

    /// What follows after an exchange has ended. `goOn`: the URL has changed, and `takeWay` is next.
    func next(after outcome: TransferOutcome) -> Next {
        if !hasAnswered, case .failed = outcome { memory.metrics.observe(.failed, since: began) }
        if let next = way.takeNext() {
            url = next
            return .goOn
        }
        if let ownOutcome { return .end(ownOutcome) }
        switch outcome {
        case .complete: return .end(meter?.outcome ?? .failed(OriginError(.badAnswer, "no head came")))
        case .cancelled: return .end(.cancelled)
        case .stopped: return .end(.rejected)
        case .failed(let error): return .end(.failed(OriginError(error)))
        }
    }

    /// The last thing that happens: others learn from how it ended.
    func settle(_ outcome: OriginOutcome) {
        memory.rates.withdraw(id)
        if case .failed(let error) = outcome { learn(from: error) }
        if let key = way.key { memory.released += memory.redirects.end(id, key) }
    }

    private func learn(from error: OriginError) {
        if !hasAnswered, error.isOfHost { memory.failed(id, at: url.origin) }
        // Another way through the redirects may lead to a host that is well.
        if let key = way.key, let target = way.remembered { memory.redirects.doubt(key, target) }
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
        hasAnswered = true
        memory.metrics.observe(.init(status: head.status), since: began)
        if head.status == 407, configuration.transfers.proxy != nil {
            // The client would take it for a wish of ours.
            return breakOff(.failed(OriginError(.badAnswer, "the proxy in backend.proxy wants other credentials")))
        }
        noteHealth(head.status)
        if HTTPStatus(head.status).isRedirect, let location = head.headers.first(.location) {
            return turn(to: location.text)
        }
        if let key = way.key, let target = way.remembered, way.turnsBack(at: head.status) {
            memory.redirects.doubt(key, target)
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

    /// 501 and 505 say what a host cannot do, the other 5xx that it is not well.
    private func noteHealth(_ status: Int) {
        if status >= 500, RetryRule.isRetryable(status: status) {
            memory.failed(id, at: url.origin)
        } else {
            memory.succeeded(url.origin)
        }
    }

    private func remember(_ status: Int) {
        guard let key = way.key else { return }
        let isGood = status < 400 || [412, 416, 429].contains(status)
        let now = Timestamp.now()
        if let target = way.remembered {
            // Doubted only in 10 seconds: a request that the old target refused may still come back here, and must not
            // throw the new target away.
            if !isGood { memory.redirects.doubt(key, target, from: now + .seconds(10)) }
        } else if way.hops > 0, isGood || way.isResolving {
            release(
                memory.redirects.learn(id, key, url: url.text, crossedOrigins: way.crossedOrigins, now: now))
        } else if way.isResolving {
            release(memory.redirects.end(id, key))
        }
    }

    private func release(_ ids: [UInt64]) {
        memory.released += ids
        if !ids.isEmpty { desk.launchSoon() }
    }

    private func turn(to location: String) -> Bool {
        guard way.hops < configuration.maxRedirects else {
            let limit = configuration.maxRedirects
            let error = OriginError(.tooManyRedirects, "more than \(limit) redirects, last by \(url.publicText)")
            return breakOff(.failed(error))
        }
        do {
            way.follow(from: url, to: try url.resolving(location))
            memory.metrics.redirects.add()
            return true
        } catch {
            let message = "\(url.publicText) redirects to where we do not follow: \(error.message)"
            return breakOff(.failed(OriginError(.badAnswer, message)))
        }
    }

    func transferBody(_ bytes: UnsafeRawBufferPointer) -> TransferIntake {
        guard !way.isTurning else { return drain(bytes.count) }
        guard let count = meter?.admitted(of: bytes.count) else { return .stop }
        guard memory.rates.admit(id, priority, now: .now()) else {
            desk.setRateTimer()
            return hold(.rate)
        }
        if count > 0, sink.receive(UnsafeRawBufferPointer(rebasing: bytes[..<count])) == .pause { return hold(.sink) }
        memory.rates.took(bytes.count, priority)
        meter?.took(count)
        guard count == bytes.count, meter?.isSurplusAhead == false else {
            _ = breakOff(.complete(hasCleanEnd: true))
            return .stop
        }
        return .taken
    }

    private func hold(_ reason: Pause) -> TransferIntake {
        pause = reason
        memory.metrics.paused(reason)
        return .pause
    }

    /// A redirect's body is read only to keep the connection, so not if it is long.
    private func drain(_ count: Int) -> TransferIntake {
        drained += count
        return drained <= 64 * 1024 ? .taken : .stop
    }

    func transferEnded(_ outcome: TransferOutcome) {
        transfer = nil
        desk.concluded(self, outcome)
    }

    /// Always false, for the caller to return.
    private func breakOff(_ outcome: OriginOutcome) -> Bool {
        ownOutcome = outcome
        return false
    }
}

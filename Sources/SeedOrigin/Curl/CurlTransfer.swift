import CCurl
import HTTPTypes

/// One request on its way through curl: hears what curl reports, tells the sink, and decides how it ended. Used on the
/// driver thread only.
final class CurlTransfer {
    /// What to do once curl is done with the exchange.
    enum Next: Equatable {
        case end(OriginOutcome)
        /// The next exchange, at another URL.
        case goOn
    }

    /// Why curl was told to keep its bytes.
    enum Pause {
        /// The sink has no room.
        case sink
        /// The configured bandwidth is used up.
        case rate
    }

    let id: UInt64
    let request: OriginRequest
    let sink: any OriginSink
    /// The request's, or a more urgent one since.
    var priority: OriginPriority
    /// Where the request goes now; a redirect changes it.
    private(set) var url: CurlURL
    /// The origin first asked: its slot is held to the end.
    let host: String
    /// Nil while waiting for a slot.
    var easy: EasyHandle?
    private(set) var pause: Pause?
    private(set) var lastProgress = ContinuousClock.now

    private let configuration: OriginConfiguration
    private let memory: DriverMemory
    private var way: RedirectWay
    private var collector: HeadCollector
    private var meter: BodyMeter?
    private var drained = 0
    /// Set when we broke the exchange off: what that means.
    private var verdict: OriginOutcome?
    private var refusedAddress: OriginError?
    private var hasDialled = false
    private var hasAnswered = false

    /// Fails (`badURL`) if the request's URL is none of ours.
    init(
        id: UInt64, request: OriginRequest, sink: any OriginSink, configuration: OriginConfiguration,
        memory: DriverMemory
    ) throws(OriginError) {
        self.id = id
        self.request = request
        priority = request.priority
        self.sink = sink
        self.configuration = configuration
        self.memory = memory
        url = try CurlURL(request.url)
        host = url.origin
        way = RedirectWay(request, from: url)
        collector = HeadCollector(limit: configuration.headLimit, url: request.url)
    }

    /// Turns to where the URL is known to lead. False: another transfer is finding out; `memory.released` will name this
    /// one, and then it asks again.
    func takeWay() -> Bool {
        guard way.isAtStart, let key = way.lookUpKey else { return true }
        switch memory.redirects.route(id, key, now: DriverMemory.wallClock) {
        case .unknown: break
        case .wait: return false
        case .resolve: way.isResolving = true
        case .target(let target): url = way.jump(to: target) ?? url
        }
        return true
    }

    /// How long the host is still left alone; nil if it may be asked.
    var circuitWait: Duration? { memory.breaker.admit(id, to: url.origin, now: .now) }

    /// Makes the handle ready for the next exchange.
    func prepare(_ easy: EasyHandle) throws(OriginError) {
        // A connection of the pool is not dialled again, so an address in the URL is judged here too.
        if let address = IPAddress(url.host), let port = Int(url.port),
            let refusal = configuration.addressGuard.error(for: address, port: port)
        {
            throw refusal
        }
        self.easy = easy
        collector = HeadCollector(limit: configuration.headLimit, url: url.text)
        drained = 0
        (hasDialled, hasAnswered, refusedAddress) = (false, false, nil)
        lastProgress = .now
        easy.configure(configuration)
        easy.set(CURLOPT_URL, url.text)
        // A proxy wants the whole URL in this place.
        if configuration.proxy == nil, let target = url.verbatimTarget { easy.set(CURLOPT_REQUEST_TARGET, target) }
        easy.set(CURLOPT_NOBODY, request.method == .head)
        let lines = RequestLines(request, userAgent: configuration.userAgent, crossedOrigins: way.crossedOrigins)
        easy.setHeaders(lines.fields)
        easy.setCallbacks(to: self)
    }

    /// What follows after curl has ended the exchange with this code. `goOn`: the URL has changed, and `takeWay` is next.
    func ended(_ code: CURLcode) -> Next {
        if let next = way.takeNext() {
            url = next
            return .goOn
        }
        if let verdict { return .end(verdict) }
        guard code == CURLE_OK else { return .end(.failed(failure(code))) }
        return .end(meter?.outcome ?? .failed(OriginError(.badAnswer, "\(url.publicText) answered without a head")))
    }

    /// The last thing that happens: others learn from how it ended.
    func settle(_ outcome: OriginOutcome) {
        memory.rates.withdraw(id)
        if case .failed(let error) = outcome { learn(from: error) }
        if let key = way.key { memory.released += memory.redirects.end(id, key) }
    }

    private func learn(from error: OriginError) {
        if !hasAnswered, [.unreachable, .timeout, .cut, .tls].contains(error.kind) {
            memory.breaker.failed(id, at: url.origin, now: .now)
        }
        // Another way through the redirects may lead to a host that is well.
        if let key = way.key, let target = way.remembered { memory.redirects.doubt(key, target) }
    }

    /// Goes on after a pause. May call the sink.
    func unpause() -> CURLcode {
        guard pause != nil, let easy else { return CURLE_OK }
        pause = nil
        lastProgress = .now
        return easy.unpause()
    }

    private func failure(_ code: CURLcode) -> OriginError {
        if let refusedAddress, !hasDialled { return refusedAddress }
        return CurlError.error(code, detail: easy?.errorDetail ?? "", url: url.publicText)
    }
}

// MARK: What curl reports

extension CurlTransfer {
    /// One header line. False breaks the exchange off.
    func takeLine(_ line: UnsafeRawBufferPointer) -> Bool {
        lastProgress = .now
        switch collector.take(line) {
        case .more: return true
        case .complete(let head): return takeHead(head)
        case .refused(let error): return breakOff(.failed(error))
        }
    }

    private func takeHead(_ head: OriginHead) -> Bool {
        hasAnswered = true
        if head.status == 407, configuration.proxy != nil {
            // The client would take it for a wish of ours.
            return breakOff(.failed(OriginError(.badAnswer, "the proxy in backend.proxy wants other credentials")))
        }
        noteHealth(head.status)
        if Self.redirects.contains(head.status), let location = head[first: .location] { return turn(to: location) }
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
            memory.breaker.failed(id, at: url.origin, now: .now)
        } else {
            memory.breaker.succeeded(url.origin)
        }
    }

    private func remember(_ status: Int) {
        guard let key = way.key else { return }
        let isGood = status < 400 || [412, 416, 429].contains(status)
        let now = DriverMemory.wallClock
        if let target = way.remembered {
            // Doubted only in 10 seconds: a request that the old target refused may still come back here, and must not
            // throw the new target away.
            if !isGood { memory.redirects.doubt(key, target, from: now + 10) }
        } else if way.hops > 0, isGood || way.isResolving {
            memory.released += memory.redirects.learn(
                id, key, url: url.text, crossedOrigins: way.crossedOrigins, now: now)
        } else if way.isResolving {
            memory.released += memory.redirects.end(id, key)
        }
    }

    private func turn(to location: String) -> Bool {
        guard way.hops < configuration.maxRedirects else {
            let limit = configuration.maxRedirects
            let error = OriginError(.tooManyRedirects, "more than \(limit) redirects, last by \(url.publicText)")
            return breakOff(.failed(error))
        }
        do {
            way.follow(from: url, to: try url.resolving(location))
            return true
        } catch {
            let message = "\(url.publicText) redirects to where we do not follow: \(error.message)"
            return breakOff(.failed(OriginError(.badAnswer, message)))
        }
    }

    /// Body bytes: how many were taken, or curl's word for a pause. Fewer than offered breaks the exchange off.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !way.isTurning else { return drain(bytes.count) }
        guard let count = meter?.admitted(of: bytes.count) else { return 0 }
        guard memory.rates.admit(id, priority, now: .now) else { return hold(.rate) }
        if count > 0, sink.receive(UnsafeRawBufferPointer(rebasing: bytes[..<count])) == .pause { return hold(.sink) }
        memory.rates.took(bytes.count, priority)
        lastProgress = .now
        meter?.took(count)
        guard count == bytes.count, meter?.isSurplusAhead == false else {
            _ = breakOff(.complete(hasCleanEnd: true))
            return 0
        }
        return count
    }

    private func hold(_ reason: Pause) -> Int {
        pause = reason
        return Int(CURL_WRITEFUNC_PAUSE)
    }

    /// A redirect's body is read only to keep the connection, so not if it is long.
    private func drain(_ count: Int) -> Int {
        lastProgress = .now
        drained += count
        return drained <= 64 * 1024 ? count : 0
    }

    /// Opens the socket for an address that the guard permits.
    func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        // The configured proxy is the operator's choice, and it is the proxy that dials the origin.
        if configuration.proxy == nil {
            guard let raw = seed_curl_address(address), let dialled = IPAddress(socketAddress: raw) else {
                refusedAddress = OriginError(.blocked, "an address that is neither IPv4 nor IPv6 must not be dialled")
                return seed_curl_socket_bad()
            }
            let port = IPAddress.port(socketAddress: raw)
            if let refusal = configuration.addressGuard.error(for: dialled, port: port) {
                refusedAddress = refusal
                return seed_curl_socket_bad()
            }
        }
        hasDialled = true
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.`protocol`)
    }

    /// Always false, for the callback to return.
    private func breakOff(_ outcome: OriginOutcome) -> Bool {
        verdict = outcome
        return false
    }

    private static let redirects: Set<Int> = [301, 302, 303, 307, 308]
}

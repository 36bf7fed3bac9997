import CCurl
import HTTPTypes

/// One request on its way through curl: hears what curl reports, tells the sink, and decides how it ended. Used on the
/// driver thread only.
final class CurlTransfer {
    /// What to do once curl is done with the exchange.
    enum Next: Equatable {
        case end(OriginOutcome)
        case follow
    }

    let id: UInt64
    let request: OriginRequest
    let sink: any OriginSink
    /// Where the request goes now; a redirect changes it.
    private(set) var url: CurlURL
    /// The origin first asked: its slot is held to the end.
    let host: String
    /// Nil while waiting for a slot.
    var easy: EasyHandle?
    private(set) var isPaused = false
    private(set) var lastProgress = ContinuousClock.now

    private let configuration: OriginConfiguration
    private var collector: HeadCollector
    private var meter: BodyMeter?
    private var redirect: CurlURL?
    private var redirectCount = 0
    private var drained = 0
    private var crossedOrigins = false
    /// Set when we broke the exchange off: what that means.
    private var verdict: OriginOutcome?
    private var addressRefusal: String?
    private var hasDialled = false

    /// Fails (`badURL`) if the request's URL is none of ours.
    init(
        id: UInt64, request: OriginRequest, sink: any OriginSink, configuration: OriginConfiguration
    ) throws(OriginError) {
        self.id = id
        self.request = request
        self.sink = sink
        self.configuration = configuration
        url = try CurlURL(request.url)
        host = url.origin
        collector = HeadCollector(limit: configuration.headLimit, url: request.url)
    }

    /// Makes the handle ready for the next exchange.
    func prepare(_ easy: EasyHandle) throws(OriginError) {
        // A connection of the pool is not dialled again, so an address in the URL is judged here too.
        if let address = IPAddress(url.host), let refusal = configuration.addressGuard.refusal(of: address) {
            throw OriginError(.blocked, refusal)
        }
        self.easy = easy
        collector = HeadCollector(limit: configuration.headLimit, url: url.text)
        lastProgress = .now
        easy.configure(configuration)
        easy.set(CURLOPT_URL, url.text)
        // A proxy wants the whole URL in this place.
        if configuration.proxy == nil, let target = url.verbatimTarget { easy.set(CURLOPT_REQUEST_TARGET, target) }
        easy.set(CURLOPT_NOBODY, request.method == .head)
        let lines = RequestLines(request, userAgent: configuration.userAgent, crossedOrigins: crossedOrigins)
        easy.setHeaders(lines.fields)
        easy.setCallbacks(to: self)
    }

    /// What follows after curl has ended the exchange with this code.
    func ended(_ code: CURLcode) -> Next {
        if redirect != nil { return .follow }
        if let verdict { return .end(verdict) }
        guard code == CURLE_OK else { return .end(.failed(failure(code))) }
        return .end(meter?.outcome ?? .failed(OriginError(.badAnswer, "\(url.publicText) answered without a head")))
    }

    /// Turns to the redirect's target; `prepare` comes next.
    func follow() {
        guard let target = redirect else { return }
        crossedOrigins = crossedOrigins || target.origin != url.origin
        url = target
        redirect = nil
        redirectCount += 1
        drained = 0
        addressRefusal = nil
        hasDialled = false
    }

    /// Goes on after a pause. May call the sink.
    func unpause() -> CURLcode {
        guard isPaused, let easy else { return CURLE_OK }
        isPaused = false
        lastProgress = .now
        return easy.unpause()
    }

    private func failure(_ code: CURLcode) -> OriginError {
        if let addressRefusal, !hasDialled { return OriginError(.blocked, addressRefusal) }
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
        if Self.redirects.contains(head.status), let location = head[first: .location] { return turn(to: location) }
        switch sink.head(head) {
        case .accept(let limit):
            let meter = BodyMeter(head: head, hasBody: request.method != .head, limit: limit)
            self.meter = meter
            return meter.isSurplusAhead ? breakOff(.complete(hasCleanEnd: true)) : true
        case .reject: return breakOff(.rejected)
        }
    }

    private func turn(to location: String) -> Bool {
        guard redirectCount < configuration.maxRedirects else {
            let limit = configuration.maxRedirects
            let error = OriginError(.tooManyRedirects, "more than \(limit) redirects, last by \(url.publicText)")
            return breakOff(.failed(error))
        }
        do {
            redirect = try url.resolving(location)
            return true
        } catch {
            let message = "\(url.publicText) redirects to where we do not follow: \(error.message)"
            return breakOff(.failed(OriginError(.badAnswer, message)))
        }
    }

    /// Body bytes: how many were taken, or curl's word for a pause. Fewer than offered breaks the exchange off.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard redirect == nil else { return drain(bytes.count) }
        guard let count = meter?.admitted(of: bytes.count) else { return 0 }
        if count > 0, sink.receive(UnsafeRawBufferPointer(rebasing: bytes[..<count])) == .pause {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        lastProgress = .now
        meter?.took(count)
        guard count == bytes.count, meter?.isSurplusAhead == false else {
            _ = breakOff(.complete(hasCleanEnd: true))
            return 0
        }
        return count
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
            guard let dialled = seed_curl_address(address).flatMap({ IPAddress(socketAddress: $0) }) else {
                addressRefusal = "an address that is neither IPv4 nor IPv6 must not be dialled"
                return seed_curl_socket_bad()
            }
            if let refusal = configuration.addressGuard.refusal(of: dialled) {
                addressRefusal = refusal
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

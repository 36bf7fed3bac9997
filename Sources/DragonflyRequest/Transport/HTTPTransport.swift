import HTTPSemantics
import HTTPTransfers
import SeedSupport

/// Sends GET requests and gives responses with a 2xx head.
final class HTTPTransport: Sendable {
    /// Of the question whether a silent seed peer answers. Short, as the silence has cost the request much time already.
    private static let answerTimeout = Duration.milliseconds(1_500)

    private let driver: TransferDriver
    /// Bytes that wait for readers.
    private let waiting = Gauge()
    /// Of the seed peers. An origin that is asked directly is always judged by the system's authorities.
    private let trust: TransferRequest.Trust
    private let firstByteTimeout: Duration
    private let liveness = SeedPeerLiveness()

    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    init(_ configuration: ClientConfiguration) throws(DragonflyError) {
        trust = try TransferRequest.Trust(configuration.trust)
        firstByteTimeout = configuration.firstByteTimeout
        var settings = TransferSettings()
        settings.connectTimeout = configuration.connectTimeout
        settings.pool.idlePerServer = configuration.idleConnectionsPerPeer
        settings.pool.idleInAll = 1024
        settings.pool.idleTimeout = configuration.idleConnectionTimeout
        settings.receiveBuffers = 32 << 20
        driver = TransferDriver(settings, name: "seed-peers")
    }

    /// Closes unused connections; those in use close when they are done.
    func close() { driver.closeIdleConnections() }

    /// Ends all requests, and returns when the thread has ended: where OpenSSL cleans up at a program's exit, it takes away
    /// what the thread still uses.
    func end() async {
        // Nothing in it throws.
        try? await blocking { [driver] in driver.shutdown() }
    }

    /// - Parameters:
    ///   - timeout: From now to the last byte of the body.
    ///   - expectedLength: Bytes that the body is going to have; nil: not known.
    ///   - gathers: Whether the reader wants all bytes in memory.
    /// - Throws: What went wrong, or what a response that is not 2xx means.
    func get(
        _ target: RequestTarget, _ fields: HTTPFields, on route: Route, timeout: Duration, expectedLength: Int64? = nil,
        gathers: Bool = false
    ) async throws(TransportError) -> OpenResponse {
        let deadline = MonotonicTime.now() + timeout
        var request = try route.transferRequest(for: target, fields, trustingPeers: trust)
        request.noProgressTimeout = timeout
        request.expectedLength = expectedLength
        return try await send(
            request, on: route, until: deadline, silence: route.isPeer ? firstByteTimeout : nil,
            gathers: gathers)
    }

    /// Whether the target, asked directly, answers with 2xx, over a connection of its own.
    func check(_ target: RequestTarget, timeout: Duration) async throws(TransportError) {
        let route = Route(directlyTo: target)
        let request = try route.transferRequest(for: target, [:], trustingPeers: trust).alone(within: timeout)
        _ = try await send(request, on: route, until: .now() + timeout)
    }

    /// Whether a connection can be established; it is closed at once.
    func probe(_ endpoint: Endpoint, timeout: Duration) async throws(TransportError) {
        var request = TransferRequest(try TransferURL(dialling: endpoint.url)).alone(within: timeout)
        request.onlyConnects = true
        try await Exchange(request, on: driver, until: .now() + timeout, waiting: waiting).end()
    }

    /// What a seed peer does with another request, over a connection of its own.
    func ask(_ peer: Endpoint) async -> SeedPeerAnswer {
        do {
            try await check(RequestTarget(peer.url), timeout: Self.answerTimeout)
            return .response
        } catch TransportError.refused {
            return .response
        } catch TransportError.timeout, TransportError.connectTimeout {
            return .none
        } catch {
            return .rejection
        }
    }

    /// What comes of `body`, for as long as the sender is not silent, or answers other requests.
    func patiently<Value>(
        _ exchange: Exchange, on route: Route, _ body: () async throws(TransportError) -> Value
    ) async throws(TransportError) -> Value {
        while true {
            do {
                return try await body()
            } catch {
                guard case .silence = error else { throw error }
                let answer = await liveness.answer(of: route.endpoint) { [self] in await ask(route.endpoint) }
                guard answer != .none || !exchange.isSilent else {
                    exchange.cancel()
                    throw error
                }
                exchange.waitLonger()
            }
        }
    }

    private func send(
        _ request: TransferRequest, on route: Route, until deadline: MonotonicTime, silence: Duration? = nil,
        gathers: Bool = false
    ) async throws(TransportError) -> OpenResponse {
        let exchange = Exchange(
            request, on: driver, until: deadline, silence: silence, waiting: waiting, gathers: gathers)
        let head = try await patiently(exchange, on: route) { () async throws(TransportError) in
            try await exchange.head()
        }
        guard head.isSuccess else {
            let message = String(decoding: exchange.takeGathered(), as: UTF8.self)
            throw .refused(DragonflyError(status: head.status, headers: head.fields, message: message))
        }
        return OpenResponse(
            head: ResponseHead(status: head.status, headers: head.fields, endpoint: route.name), exchange: exchange,
            route: route, transport: self)
    }
}

extension TransferRequest {
    /// On a connection used by no other request.
    fileprivate func alone(within timeout: Duration) -> TransferRequest {
        var request = self
        request.reusesConnection = false
        request.connectTimeout = timeout
        return request
    }
}

/// A response with a 2xx head, and its body on its way.
struct OpenResponse: Sendable {
    let head: ResponseHead
    let route: Route
    private let transport: HTTPTransport
    private let reading: Reading

    /// Ends the exchange when its reader is gone.
    private final class Reading: Sendable {
        let exchange: Exchange
        init(_ exchange: Exchange) { self.exchange = exchange }
        deinit { exchange.cancel() }
    }

    init(head: ResponseHead, exchange: Exchange, route: Route, transport: HTTPTransport) {
        self.head = head
        self.route = route
        self.transport = transport
        reading = Reading(exchange)
    }

    /// The body up to here, if it was gathered.
    func takeGathered() -> [UInt8] { reading.exchange.takeGathered() }

    /// All bytes that have come, as soon as they are `count` or the body ends; nothing after the last.
    func next(waitingFor count: Int) async throws(TransportError) -> [Bytes] {
        let exchange = reading.exchange
        return try await transport.patiently(exchange, on: route) { () async throws(TransportError) in
            try await exchange.next(waitingFor: count)
        }
    }
}

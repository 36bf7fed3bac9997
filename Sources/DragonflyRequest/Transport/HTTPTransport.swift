import HTTPTypes
import NIOCore
import NIOHTTP1

/// Sends GET requests and gives answers with a 2xx head.
final class HTTPTransport: Sendable {
    private let connectTimeout: Duration
    private let connector: Connector
    private let pool: ConnectionPool

    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    init(_ configuration: ClientConfiguration) throws(DragonflyError) {
        let pool = ConnectionPool(maximumPerRoute: configuration.idleConnectionsPerPeer)
        self.pool = pool
        connectTimeout = configuration.connectTimeout
        connector = Connector(
            idleTimeout: configuration.idleConnectionTimeout,
            certificates: try CertificateChecks(peerTrust: configuration.trust),
            onIdle: { pool.give($0, $1) })
    }

    deinit { pool.close() }

    /// Closes unused connections; those in use close when they are done.
    func close() { pool.close() }

    /// - Parameters:
    ///   - timeout: From now to the last byte of the body.
    ///   - gathers: Whether the reader wants all bytes in memory.
    /// - Throws: What went wrong, or what an answer that is not 2xx means.
    func get(
        _ target: RequestTarget, _ fields: HTTPFields, on route: Route, timeout: Duration, gathers: Bool = false
    ) async throws(DragonflyError) -> Answer {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        let head = HTTPRequestHead(target, fields, on: route)
        do {
            while true {
                let waiting = pool.take(route)
                let channel = if let waiting { waiting } else { try await connect(route, until: deadline) }
                let exchange = Exchange(on: channel, gathers: gathers)
                exchange.start(head, timeout: deadline - .now(), isReused: waiting != nil)
                do {
                    return try await answer(of: exchange, on: route)
                } catch .stale {
                    continue
                }
            }
        } catch {
            throw DragonflyError(error, on: route)
        }
    }

    /// Whether a connection comes about, which is closed at once.
    func probe(_ endpoint: Endpoint, timeout: Duration) async throws(TransportError) {
        try await connector.open(endpoint, deadline: .now() + TimeAmount(timeout)).close(promise: nil)
    }

    private func connect(_ route: Route, until deadline: NIODeadline) async throws(TransportError) -> any Channel {
        let channel = try await connector.connect(route, deadline: min(deadline, .now() + TimeAmount(connectTimeout)))
        pool.watch(channel, route)
        return channel
    }

    private func answer(of exchange: Exchange, on route: Route) async throws(TransportError) -> Answer {
        let head = try await exchange.head()
        guard (200...299).contains(head.status.code) else { throw .refused(await exchange.refusal(head)) }
        return Answer(
            head: ResponseHead(
                status: Int(head.status.code), headers: HTTPFields(head.headers), endpoint: route.name),
            exchange: exchange, route: route)
    }
}

/// An answer with a 2xx head, and its body on its way.
struct Answer: Sendable {
    let head: ResponseHead
    private let route: Route
    private let reading: Reading

    /// Ends the exchange when nobody can read it any more.
    private final class Reading: Sendable {
        let exchange: Exchange
        init(_ exchange: Exchange) { self.exchange = exchange }
        deinit { exchange.cancel() }
    }

    init(head: ResponseHead, exchange: Exchange, route: Route) {
        self.head = head
        self.route = route
        reading = Reading(exchange)
    }

    /// The body up to here, if it was gathered.
    func takeGathered() -> [UInt8] { reading.exchange.takeGathered() }

    /// All bytes that have come, as soon as they are `count` or the body ends; nothing after the last.
    func next(waitingFor count: Int) async throws(DragonflyError) -> [ByteBuffer] {
        do {
            return try await reading.exchange.next(waitingFor: count)
        } catch {
            throw DragonflyError(error, on: route)
        }
    }
}

extension HTTPRequestHead {
    fileprivate init(_ target: RequestTarget, _ fields: HTTPFields, on route: Route) {
        var headers = HTTPHeaders([("Host", target.authority)])
        headers.reserveCapacity(fields.count + 1)
        for field in fields { headers.add(name: field.name.rawName, value: field.value) }
        self.init(version: .http1_1, method: .GET, uri: route.requestTarget(of: target), headers: headers)
    }
}

extension HTTPFields {
    /// Without fields whose names are none.
    init(_ headers: HTTPHeaders) {
        self.init()
        reserveCapacity(headers.count)
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { append(HTTPField(name: name, value: value)) }
        }
    }
}

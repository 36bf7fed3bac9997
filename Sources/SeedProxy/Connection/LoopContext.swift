import Logging
import NIOCore
import SeedEngine
import SeedOrigin

/// What the connections of one event loop share. It is touched on that loop only.
final class LoopContext {
    let eventLoop: any EventLoop
    let configuration: ProxyConfiguration
    let engine: TaskEngine
    let dialer: Dialer
    let metrics: ProxyMetrics
    let logger: Logger
    let mailbox: LoopMailbox
    let credentials: ProxyCredentials?
    let rateLimiter: RequestRateLimiter?
    let clients: ClientCounts
    /// The `Cache-Status` field of a hit, written once.
    let hitField: ByteBuffer
    var factory: TaskRequestFactory
    private var connections: [ObjectIdentifier: ProxyConnection] = [:]
    private var drained: EventLoopPromise<Void>?
    private var ticks: RepeatedTask?
    private var date = (second: 0, field: ByteBuffer())

    init(eventLoop: any EventLoop, setup: ProxySetup, policy: ProxyPolicy) {
        self.eventLoop = eventLoop
        configuration = setup.configuration
        engine = setup.engine
        dialer = setup.dialer
        metrics = setup.metrics
        logger = setup.logger
        mailbox = LoopMailbox(eventLoop: eventLoop)
        credentials = setup.configuration.basicAuth.map(ProxyCredentials.init)
        rateLimiter = setup.rateLimiter
        clients = setup.clients
        hitField = ByteBuffer(string: "Cache-Status: \(setup.configuration.name); hit\r\n")
        factory = TaskRequestFactory(policy: policy, configuration: setup.configuration)
    }

    /// False when the server's limit is reached or it is closing; the connection must be closed then.
    func admit(_ connection: ProxyConnection) -> Bool {
        guard drained == nil, metrics.connections.current < configuration.connectionLimit,
            clients.enter(connection.clientAddress)
        else {
            metrics.connectionsRefused.count()
            return false
        }
        metrics.connections.count()
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func forget(_ connection: ProxyConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        metrics.connections.count(-1)
        clients.leave(connection.clientAddress)
        if connections.isEmpty { drained?.succeed() }
    }
}

extension LoopContext {
    /// One coarse tick for all connections instead of a timer for each: deadlines are late by up to `interval`.
    func startTicking(every interval: TimeAmount) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ticks = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let now = NIODeadline.now()
            for connection in Array(bound.value.connections.values) { connection.tick(now) }
        }
    }

    /// Idle connections close at once; the others after their present answer, or when `limit` is over.
    func drain(within limit: TimeAmount) -> EventLoopFuture<Void> {
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        for connection in Array(connections.values) { connection.drain() }
        if connections.isEmpty { promise.succeed() }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let cut = eventLoop.scheduleTask(in: limit) {
            for connection in Array(bound.value.connections.values) { connection.abort() }
        }
        return promise.futureResult.always { _ in
            cut.cancel()
            bound.value.ticks?.cancel()
        }
    }

    /// The field `Date` (RFC 9110 §6.6.1), made once a second.
    func dateField(at second: Int) -> ByteBuffer {
        if second != date.second { date = (second, ByteBuffer(string: "Date: \(HTTPDate.text(second: second))\r\n")) }
        return date.field
    }
}

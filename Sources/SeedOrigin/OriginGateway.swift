import Dispatch
package import EventLoops
package import HTTPTransfers
package import SeedSupport
import Synchronization

/// Access to origins over HTTP: guard, breaker, limits, admission and redirects on top of one transfer driver, for
/// cached and for pass-through requests.
package final class OriginGateway: OriginSource {
    private let driver: TransferDriver
    private let dispatcher: LoopState<OriginDispatcher>
    private let lastID = Atomic<UInt64>(0)
    private let passThroughLimit: Int
    /// What is added here is never dialled.
    package let own: OwnListeners
    /// What the operator forbids, wherever a redirect leads.
    package let forbidden: ForbiddenURLs
    private let passThroughs = Gauge()

    /// Starts the driver's thread.
    /// - Parameters:
    ///   - own: what this process listens on.
    ///   - metrics: shows what is counted of origins.
    package init(
        configuration: OriginConfiguration, own: OwnListeners = OwnListeners(), logger: Logger,
        metrics: MetricsRegistry = MetricsRegistry(prefix: "")
    ) {
        let metrics = OriginMetrics(metrics)
        let addressGuard = AddressGuard(allow: configuration.allowedAddresses, own: own)
        let driver = TransferDriver(configuration.transfers, dialPolicy: addressGuard, name: "origin-driver")
        self.driver = driver
        self.own = own
        let forbidden = ForbiddenURLs()
        self.forbidden = forbidden
        passThroughLimit = configuration.passThroughsInAll
        dispatcher = LoopState(on: driver.loop) {
            OriginDispatcher(
                configuration: configuration, addressGuard: addressGuard, forbidden: forbidden, driver: driver,
                logger: logger, metrics: metrics)
        }
    }

    deinit { shutdown() }

    package func start(_ request: OriginRequest, into sink: any OriginSink) -> any OriginTransfer {
        let id = nextID()
        let isPosted = driver.loop.post { [dispatcher] in
            if let dispatcher = dispatcher.value { dispatcher.submit(id, request, sink) } else { sink.end(.cancelled) }
        }
        if !isPosted {
            // The driver is gone, and the caller must not be called back from inside its own call.
            DispatchQueue.global().async { sink.end(.cancelled) }
        }
        return RunningFetch(id: id, dispatcher: dispatcher)
    }

    /// Called from a sink it does not wait, since the sink's call is on the thread that would be waited for.
    package func shutdown() {
        dispatcher.post { $0.close() }
        driver.loop.post { [dispatcher] in dispatcher.drop() }
        driver.shutdown()
    }

    /// What the driver has in use.
    package var counts: TransferCounts { driver.counts }
    /// The driver's loop; for the watchdog.
    package var loop: EventLoop { driver.loop }

    private func nextID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    private struct RunningFetch: OriginTransfer {
        let id: UInt64
        let dispatcher: LoopState<OriginDispatcher>

        func resume() { dispatcher.post { [id] in $0.resume(id) } }
        func raise(to priority: OriginPriority) { dispatcher.post { [id] in $0.raise(id, to: priority) } }
        func cancel() { dispatcher.post { [id] in $0.cancel(id) } }
    }
}

// MARK: Requests that pass through

extension OriginGateway {
    /// Sends a request as it is and hands on what comes as it comes.
    ///
    /// On `loop` only, where `handler` is called, too; never inside this call. The guard, the breaker (which hears of
    /// failures to connect only) and the proxy apply as they do for the cached way.
    /// - Returns: nil when too many are under way.
    package func passThrough(
        _ request: PassThroughRequest, on loop: EventLoop, _ handler: @escaping (PassThroughEvent) -> Void
    ) -> PassThroughTransfer? {
        guard PassThroughSlot.take(from: passThroughs, limit: passThroughLimit) else { return nil }
        let transfer = PassThroughTransfer(nextID(), dispatcher, handler)
        let target = LoopBound(transfer, on: loop)
        let isPosted = driver.loop.post { [dispatcher, pipe = transfer.pipe, id = transfer.id, passThroughs] in
            let slot = PassThroughSlot(passThroughs)
            guard let dispatcher = dispatcher.value else { return PassThroughExchange.refuse(target) }
            dispatcher.start(PassThroughExchange(id, request, pipe, target, dispatcher, slot))
        }
        if !isPosted {
            passThroughs.add(-1)
            loop.later { transfer.deliver(.end(.failed(.shuttingDown))) }
        }
        return transfer
    }
}

/// One of the places for requests that pass through.
final class PassThroughSlot {
    private let taken: Gauge
    private var isReleased = false

    /// - Parameter taken: where `take` has taken one.
    init(_ taken: Gauge) {
        self.taken = taken
    }

    deinit { release() }

    /// Gives it back, once: before the client hears of the end, so that its next request finds it.
    func release() {
        if !isReleased { taken.add(-1) }
        isReleased = true
    }

    /// Concurrent callers may be refused one place early, but never exceed the limit.
    static func take(from taken: Gauge, limit: Int) -> Bool {
        taken.add(1)
        guard taken.current > limit else { return true }
        taken.add(-1)
        return false
    }
}

extension OriginError {
    static let shuttingDown = OriginError(.local, "the server is shutting down")
}

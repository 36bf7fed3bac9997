import EventLoops
import HTTPTransfers
import SeedSupport

/// The origin state on the driver's loop: open requests, the queue in which they start, and what they share.
final class OriginDispatcher {
    let sharedState: SharedOriginState
    let configuration: OriginConfiguration
    let addressGuard: AddressGuard
    let forbidden: ForbiddenURLs
    let driver: TransferDriver
    private let logger: Logger
    private var loop: EventLoop { driver.loop }
    /// Every request not yet ended, waiting ones included.
    private var fetches: [UInt64: OriginFetch] = [:]
    private var passThroughs: [UInt64: PassThroughExchange] = [:]
    private var queue: StartQueue<UInt64, OriginPriority>
    /// Granted a slot, not yet launched.
    private var ready: [OriginFetch] = []
    private var willLaunch = false
    private var rateTimer: LoopTimer?
    private var isClosed = false
    private var shortageSaid: MonotonicTime?

    init(
        configuration: OriginConfiguration, addressGuard: AddressGuard, forbidden: ForbiddenURLs,
        driver: TransferDriver, logger: Logger, metrics: OriginMetrics
    ) {
        self.configuration = configuration
        self.addressGuard = addressGuard
        self.forbidden = forbidden
        self.driver = driver
        self.logger = logger
        sharedState = SharedOriginState(configuration, metrics)
        queue = StartQueue(limitPerHost: configuration.transfersPerHost, limitInAll: configuration.transfersInAll)
    }

    // MARK: What other threads ask for

    func submit(_ id: UInt64, _ request: OriginRequest, _ sink: any OriginSink) {
        guard !isClosed else { return sink.end(.cancelled) }
        do {
            let fetch = try OriginFetch(
                id: id, request: request, sink: sink, configuration: configuration, dispatcher: self)
            fetches[id] = fetch
            guard queue.submit(id, host: fetch.host, priority: request.priority) else { return showQueue() }
            ready.append(fetch)
            launchSoon()
        } catch {
            sink.end(.failed(error))
        }
    }

    func resume(_ id: UInt64) {
        fetches[id]?.resume(.sink)
    }

    func raise(_ id: UInt64, to priority: OriginPriority) {
        guard let fetch = fetches[id], priority < fetch.priority else { return }
        fetch.priority = priority
        queue.raise(id, to: priority)
        sharedState.rates.raise(id, to: priority)
        // It may be admitted already, and the timer is set for its old class.
        goOnWithinRates()
    }

    func cancel(_ id: UInt64) {
        if let fetch = fetches[id] { finish(fetch, .cancelled) }
    }

    /// Ends everything; nothing begins any more.
    func close() {
        isClosed = true
        rateTimer?.cancel()
        for fetch in Array(fetches.values) { finish(fetch, .cancelled) }
        for exchange in Array(passThroughs.values) { exchange.shutDown() }
    }

    // MARK: Requests

    /// Launches what may start, after the callbacks of this turn.
    func launchSoon() {
        guard !willLaunch else { return }
        willLaunch = true
        loop.later { [self] in launchReady() }
    }

    private func launchReady() {
        willLaunch = false
        let batch = ready + sharedState.released.compactMap { fetches[$0] }
        (ready, sharedState.released) = ([], [])
        // One may have been cancelled meanwhile.
        for fetch in batch where fetches[fetch.id] != nil { launch(fetch) }
    }

    private func launch(_ fetch: OriginFetch) {
        guard fetch.followKnownRedirect() else { return }
        if let wait = fetch.circuitWait {
            return finish(fetch, .failed(.circuitOpen(fetch.url.origin, wait)))
        }
        do {
            fetch.transfer = driver.begin(try fetch.prepare(), fetch)
        } catch {
            finish(fetch, .failed(error))
        }
    }

    func concluded(_ fetch: OriginFetch, _ outcome: TransferOutcome) {
        switch fetch.next(after: outcome) {
        case .end(let outcome): finish(fetch, outcome)
        case .goOn:
            ready.append(fetch)
            launchSoon()
        }
    }

    /// The only place where a cached request ends.
    private func finish(_ fetch: OriginFetch, _ outcome: OriginOutcome) {
        guard fetches.removeValue(forKey: fetch.id) != nil else { return }
        fetch.transfer?.cancel()
        fetch.transfer = nil
        fetch.settle(outcome)
        if !queue.withdraw(fetch.id), let next = queue.finish(host: fetch.host) {
            fetches[next].map { ready.append($0) }
        }
        showQueue()
        if !ready.isEmpty || !sharedState.released.isEmpty { launchSoon() }
        if case .failed(let error) = outcome { log(error) }
        fetch.sink.end(outcome)
    }

    private func showQueue() {
        sharedState.metrics.queued.set(Int64(queue.waitingCount))
    }

    /// A shortage of local resources affects all requests, so it is logged, at most once a minute.
    func log(_ error: OriginError) {
        guard error.kind == .local, error != .shuttingDown else {
            return logger.debug("Origin transfer failed: \(error)")
        }
        let now = MonotonicTime.now()
        if let shortageSaid, now - shortageSaid < .seconds(60) { return }
        shortageSaid = now
        logger.error("Requests that need an origin fail: \(error)")
    }

    // MARK: Rates

    /// Schedules the transfers that wait for bandwidth.
    func setRateTimer() {
        guard let delay = sharedState.rates.nextRelease(now: .now()) else { return }
        let timer = rateTimer ?? loop.makeTimer { [unowned self] in goOnWithinRates() }
        rateTimer = timer
        timer.schedule(after: delay)
    }

    private func goOnWithinRates() {
        for id in sharedState.rates.release(now: .now()) { fetches[id]?.resume(.rate) }
        setRateTimer()
    }
}

// MARK: Requests that pass through

extension OriginDispatcher {
    func start(_ exchange: PassThroughExchange) {
        passThroughs[exchange.id] = exchange
        isClosed ? exchange.shutDown() : exchange.start()
    }

    func cancelPassThrough(_ id: UInt64) {
        passThroughs[id]?.cancel()
    }

    func passThrough(_ id: UInt64) -> PassThroughExchange? { passThroughs[id] }

    func ended(_ exchange: PassThroughExchange) {
        passThroughs[exchange.id] = nil
    }
}

extension OriginError {
    static func circuitOpen(_ origin: String, _ wait: Duration) -> OriginError {
        OriginError(.circuitOpen, "\(origin) has failed too often and is left alone for \(wait)", retryAfter: wait)
    }
}

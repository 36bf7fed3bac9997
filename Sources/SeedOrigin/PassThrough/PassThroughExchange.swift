import EventLoops
import HTTPSemantics
import HTTPTransfers
import SeedSupport

/// The driver's end of a pass-through request: forwards the transfer's events, and informs the breaker.
final class PassThroughExchange {
    let id: UInt64
    private let request: PassThroughRequest
    private let pipe: PassThroughPipe
    private let target: LoopBound<PassThroughTransfer>
    private unowned let dispatcher: OriginDispatcher
    private let slot: PassThroughSlot
    private var origin = ""
    private var began = MonotonicTime.now()
    private var hasResponded = false
    private var transfer: Transfer?
    /// Those that the client's loop is to be told.
    private var events: [PassThroughEvent] = []
    /// Set when we broke it off: why.
    private var ownError: OriginError?

    init(
        _ id: UInt64, _ request: PassThroughRequest, _ pipe: PassThroughPipe, _ target: LoopBound<PassThroughTransfer>,
        _ dispatcher: OriginDispatcher, _ slot: PassThroughSlot
    ) {
        self.id = id
        self.request = request
        self.pipe = pipe
        self.target = target
        self.dispatcher = dispatcher
        self.slot = slot
    }

    /// For one that comes after the end.
    static func refuse(_ target: LoopBound<PassThroughTransfer>) {
        target.loop.post { target.value.deliver(.end(.failed(.shuttingDown))) }
    }

    func start() {
        do {
            transfer = dispatcher.driver.begin(try prepare(), self)
        } catch {
            end(.failed(error))
        }
    }

    private func prepare() throws(OriginError) -> TransferRequest {
        let configuration = dispatcher.configuration
        let url: TransferURL
        do {
            url = try TransferURL(request.dialURL)
        } catch {
            throw OriginError(error)
        }
        origin = url.origin
        if let refusal = dispatcher.addressGuard.refusal(of: url) { throw refusal }
        if let wait = dispatcher.sharedState.admit(id, to: origin) { throw .circuitOpen(origin, wait) }
        let target = configuration.isThroughPlainProxy(url) ? request.absoluteTarget : request.target
        var exchange = TransferRequest(url, method: request.method, target: target, fields: request.fields)
        exchange.body = request.body
        exchange.noProgressTimeout = configuration.passThroughTimeout
        return exchange
    }

    // MARK: What the client's end asks for

    func resume() { transfer?.resume() }

    func resumeSending() { transfer?.resumeSending() }

    /// The client has gone and hears nothing more.
    func cancel() {
        transfer?.cancel()
        transfer = nil
        slot.release()
        dispatcher.ended(self)
    }

    func shutDown() {
        transfer?.cancel()
        end(.failed(.shuttingDown))
    }

    private func end(_ outcome: PassThroughOutcome) {
        transfer = nil
        slot.release()
        dispatcher.ended(self)
        post(.end(outcome))
    }

    /// What is reported in one turn goes over together.
    private func post(_ event: PassThroughEvent) {
        events.append(event)
        guard events.count == 1 else { return }
        dispatcher.driver.loop.later { [self] in
            target.loop.post { [target, events] in
                for event in events { target.value.deliver(event) }
            }
            events = []
        }
    }
}

extension PassThroughExchange: TransferDelegate {
    func transferInterim(_ head: TransferHead) {
        post(.interim(head))
    }

    func transferHead(_ head: TransferHead) -> Bool {
        hasResponded = true
        dispatcher.sharedState.metrics.observe(.init(status: head.status), since: began)
        let isFailing = head.status >= 500 && RetryRule.isRetryable(status: head.status)
        if !isFailing { dispatcher.sharedState.succeeded(origin) }
        if head.status == 407, !request.isTLS, dispatcher.configuration.transfers.proxy != nil {
            // A client would read it as our own challenge.
            ownError = OriginError(.badResponse, "the proxy in backend.proxy wants other credentials")
            return false
        }
        post(.head(head))
        return true
    }

    func transferBody(_ bytes: UnsafeRawBufferPointer) -> TransferIntake {
        guard pipe.admits(bytes.count) else { return .pause }
        post(.body(Bytes(copying: bytes)))
        return .taken
    }

    func transferTrailers(_ fields: HTTPFields) {
        post(.trailers(fields))
    }

    func transferNeedsBody(_ room: UnsafeMutableRawBufferPointer) -> TransferSupply {
        let (supply, mustWake) = pipe.fill(room)
        if mustWake { post(.bodyWanted) }
        return supply
    }

    func transferEnded(_ outcome: TransferOutcome) {
        switch outcome {
        case .complete: end(.complete)
        case .stopped: end(.failed(ownError ?? .shuttingDown))
        case .cancelled: end(.failed(.shuttingDown))
        case .failed(let error):
            let failure = OriginError(error)
            dispatcher.log(failure)
            if !hasResponded { dispatcher.sharedState.metrics.observe(.failed, since: began) }
            if !error.hasConnected, failure.isOfHost { dispatcher.sharedState.failed(id, at: origin) }
            end(.failed(failure))
        }
    }
}

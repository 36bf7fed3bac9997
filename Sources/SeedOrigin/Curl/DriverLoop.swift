import CCurl
import Logging

/// The driver thread's work and everything that only this thread touches.
final class DriverLoop {
    private let configuration: OriginConfiguration
    private let multi: MultiHandle
    private let mailbox: DriverMailbox
    private let logger: Logger
    private let memory: DriverMemory
    /// Every transfer not yet ended, waiting ones included.
    private var transfers: [UInt64: CurlTransfer] = [:]
    private var running: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var queue: StartQueue<UInt64>
    /// Granted a slot, not yet launched.
    private var ready: [CurlTransfer] = []
    private var idleHandles: [EasyHandle] = []
    private var nextStallCheck = ContinuousClock.now

    init(configuration: OriginConfiguration, multi: MultiHandle, mailbox: DriverMailbox, logger: Logger) {
        self.configuration = configuration
        self.multi = multi
        self.mailbox = mailbox
        self.logger = logger
        memory = DriverMemory(configuration)
        queue = StartQueue(limitPerHost: configuration.transfersPerHost, limitInAll: configuration.transfersInAll)
    }

    /// Runs until told to shut down; then every sink has had its end.
    func run() {
        while obeyCommands() {
            goOnWithinRates()
            launchReady()
            multi.perform()
            concludeEnded()
            failStalled()
            if ready.isEmpty, memory.released.isEmpty { multi.poll(milliseconds: pollTimeout) }
        }
        close()
    }

    // MARK: Commands

    /// False once shutdown is asked for.
    private func obeyCommands() -> Bool {
        var goesOn = true
        for command in mailbox.takeAll() {
            switch command {
            case .start(let id, let request, let sink): goesOn ? submit(id, request, sink) : sink.end(.cancelled)
            case .resume(let id): resume(id)
            case .raise(let id, let priority): raise(id, to: priority)
            case .cancel(let id): transfers[id].map { finish($0, .cancelled) }
            case .shutdown: goesOn = false
            }
        }
        return goesOn
    }

    private func submit(_ id: UInt64, _ request: OriginRequest, _ sink: any OriginSink) {
        do {
            let transfer = try CurlTransfer(
                id: id, request: request, sink: sink, configuration: configuration, memory: memory)
            transfers[id] = transfer
            if queue.submit(id, host: transfer.host, priority: request.priority) { ready.append(transfer) }
        } catch {
            sink.end(.failed(error))
        }
    }

    private func resume(_ id: UInt64) {
        if let transfer = transfers[id], transfer.pause == .sink { unpause(transfer) }
    }

    private func raise(_ id: UInt64, to priority: OriginPriority) {
        guard let transfer = transfers[id], priority < transfer.priority else { return }
        transfer.priority = priority
        queue.raise(id, to: priority)
        memory.rates.raise(id, to: priority)
    }

    private func unpause(_ transfer: CurlTransfer) {
        let code = transfer.unpause()
        // curl does not report a transfer that fails while it is being unpaused.
        if code != CURLE_OK { conclude(transfer, code) }
    }

    private func goOnWithinRates() {
        for id in memory.rates.release(now: .now) {
            if let transfer = transfers[id], transfer.pause == .rate { unpause(transfer) }
        }
    }

    private func close() {
        let left = mailbox.close()
        for transfer in Array(transfers.values) { finish(transfer, .cancelled) }
        for case .start(_, _, let sink) in left { sink.end(.cancelled) }
    }

    // MARK: Transfers

    private func launchReady() {
        ready += memory.released.compactMap { transfers[$0] }
        memory.released = []
        while !ready.isEmpty {
            let batch = ready
            ready = []
            // One may have been cancelled meanwhile.
            for transfer in batch where transfers[transfer.id] != nil { launch(transfer) }
        }
    }

    private func launch(_ transfer: CurlTransfer) {
        guard transfer.takeWay() else { return }
        if let wait = transfer.circuitWait {
            let message = "\(transfer.url.origin) has failed too often and is left alone for \(wait)"
            finish(transfer, .failed(OriginError(.circuitOpen, message, retryAfter: wait)))
            return
        }
        guard let easy = idleHandles.popLast() ?? EasyHandle() else {
            finish(transfer, .failed(OriginError(.local, "no memory for another transfer")))
            return
        }
        do {
            try transfer.prepare(easy)
        } catch {
            idleHandles.append(easy)
            finish(transfer, .failed(error))
            return
        }
        running[easy.pointer] = transfer
        if !multi.add(easy) { finish(transfer, .failed(OriginError(.local, "curl took no further transfer"))) }
    }

    private func concludeEnded() {
        while let (easy, code) = multi.nextEnded() {
            if let transfer = running[easy] { conclude(transfer, code) }
        }
    }

    private func conclude(_ transfer: CurlTransfer, _ code: CURLcode) {
        switch transfer.ended(code) {
        case .end(let outcome): finish(transfer, outcome)
        case .goOn:
            detach(transfer)
            ready.append(transfer)
        }
    }

    /// Takes the handle back from curl.
    private func detach(_ transfer: CurlTransfer) {
        guard let easy = transfer.easy else { return }
        multi.remove(easy)
        running[easy.pointer] = nil
        transfer.easy = nil
        easy.reset()
        if idleHandles.count < 64 { idleHandles.append(easy) }
    }

    /// The one place where a transfer ends.
    private func finish(_ transfer: CurlTransfer, _ outcome: OriginOutcome) {
        guard transfers.removeValue(forKey: transfer.id) != nil else { return }
        detach(transfer)
        transfer.settle(outcome)
        if !queue.withdraw(transfer.id), let next = queue.finish(host: transfer.host) {
            transfers[next].map { ready.append($0) }
        }
        if case .failed(let error) = outcome { logger.debug("Origin transfer failed: \(error)") }
        transfer.sink.end(outcome)
    }

    // MARK: Time

    /// Ends the transfers that made no progress for too long. curl's own low-speed limit measures an average over
    /// seconds; this one is exact, and a pause stops it.
    private func failStalled() {
        let now = ContinuousClock.now
        guard now >= nextStallCheck else { return }
        let limit = configuration.noProgressTimeout
        nextStallCheck = now + min(.seconds(1), limit / 4)
        let stalled = running.values.filter { $0.pause == nil && now - $0.lastProgress > limit }
        for transfer in stalled {
            let message = "\(transfer.url.publicText) sent nothing for \(limit)"
            finish(transfer, .failed(OriginError(.timeout, message)))
        }
    }

    private var pollTimeout: Int32 {
        guard !running.isEmpty else { return 60_000 }
        let now = ContinuousClock.now
        let next = min(nextStallCheck - now, memory.rates.nextRelease(now: now) ?? .seconds(60))
        return Int32(max(1, (next / .milliseconds(1)).rounded(.up)))
    }
}

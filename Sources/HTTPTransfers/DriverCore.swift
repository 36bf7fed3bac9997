import CCurl
import EventLoops
import SeedSupport

/// A driver's state on its loop: the transfers under way, and what they share.
final class DriverCore {
    let loop: EventLoop
    let settings: TransferSettings
    let dialPolicy: (any DialPolicy)?
    let pool: ConnectionPool
    /// Nil only while this is being made.
    private(set) var multi: MultiHandle!
    private let share = ShareHandle()
    private let counts: TransferCounts
    private var open: [ObjectIdentifier: Transfer] = [:]
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    var lookUps: LookupGate<Transfer>
    private var stallTimer: LoopTimer!
    private var isStallTimerSet = false
    private var lookUpTimer: LoopTimer!
    private var sweeps: Tick?
    private var isClosed = false

    init(
        on loop: EventLoop, _ settings: TransferSettings, _ counts: TransferCounts, dialPolicy: (any DialPolicy)? = nil
    ) {
        self.loop = loop
        self.settings = settings
        self.dialPolicy = dialPolicy
        self.counts = counts
        lookUps = LookupGate(limit: settings.nameLookups, patience: settings.connectTimeout)
        pool = ConnectionPool(settings.pool)
        multi = MultiHandle(on: loop, pool)
        // Weak: the multi handle may call after this object is gone.
        multi.ended = { [weak self] easy, code in
            if let self, let transfer = running[easy] { ended(transfer, code) }
        }
        multi.interestChanged = { [weak self] easy, socket, interest in
            self?.running[easy]?.curlWaits(for: interest, on: socket)
        }
        multi.holdsWrites = { [weak self] socket in
            self?.running.values.contains { $0.holdsSending(on: socket) } ?? false
        }
        stallTimer = loop.makeTimer { [unowned self] in failStalled() }
        lookUpTimer = loop.makeTimer { [unowned self] in launchWaiting() }
        sweeps = loop.addTick { [unowned self] now in
            if pool.sweep(now: now) { multi.closeDead() }
        }
    }

    var wakeUps: Int { multi.wakeUps }

    func begin(_ request: TransferRequest, _ delegate: any TransferDelegate) -> Transfer {
        let transfer = Transfer(request, delegate, self)
        open[ObjectIdentifier(transfer)] = transfer
        // Not inside this call: the delegate doesn't have its transfer yet.
        guard !isClosed else {
            loop.later { [self] in finish(transfer, .cancelled) }
            return transfer
        }
        guard request.isTargetValid else {
            failLater(transfer, .local, "the request target holds what no request line may hold")
            return transfer
        }
        multi.whenFree { [self] in launch(transfer) }
        return transfer
    }

    func closeIdleConnections() {
        pool.keepNone()
        multi.whenFree { [self] in multi.closeDead() }
    }

    /// Ends all transfers; none begins any more.
    func close() {
        isClosed = true
        sweeps?.cancel()
        for transfer in Array(open.values) { finish(transfer, .cancelled) }
    }

    // MARK: Transfers

    private func launch(_ transfer: Transfer) {
        guard !transfer.isOver else { return }
        transfer.isInLine = false
        let host = transfer.proxy.flatMap(TransferURL.host) ?? transfer.request.url.host
        if IPAddress(host) == nil {
            switch lookUps.admit(host, transfer, since: transfer.begun, now: loop.now) {
            case .known: break
            case .lookUp: transfer.lookUpBegan(host)
            case .wait:
                transfer.isInLine = true
                return setLookUpTimer()
            case .refused: return failLater(transfer, .local, "too many names are being looked up")
            }
        }
        run(transfer)
    }

    private func run(_ transfer: Transfer) {
        guard let easy = EasyHandle() else {
            return failLater(transfer, .local, "no memory for another transfer")
        }
        let connectTimeout = transfer.request.connectTimeout ?? settings.connectTimeout
        let waited = loop.now - transfer.begun
        easy.configure(
            transfer.request, settings, connectTimeout: connectTimeout - waited, reusing: transfer.mayReuseConnection,
            sharing: share)
        let room = settings.receiveBuffers - counts.receiveBuffers.current
        easy.receiveBufferLength = transfer.request.receiveBufferLength(in: room)
        easy.setCallbacks(to: transfer, pool)
        transfer.start(easy)
        running[easy.pointer] = transfer
        counts.began(bufferLength: easy.receiveBufferLength)
        watchForStalls(transfer)
        if !multi.add(easy) { failLater(transfer, .local, "curl took no further transfer") }
    }

    private func failLater(_ transfer: Transfer, _ kind: TransferError.Kind, _ message: String) {
        loop.later { [self] in finish(transfer, .failed(transfer.error(kind, message))) }
    }

    /// curl has ended it.
    func ended(_ transfer: Transfer, _ code: CURLcode) {
        guard !transfer.isOver else { return }
        // The time limit ends the wait for a lookup, not its thread.
        if code != CURLE_OPERATION_TIMEDOUT { transfer.lookUpEnded(false) }
        guard transfer.isToBeRepeated(after: code) else { return finish(transfer, transfer.outcome(of: code)) }
        giveBack(transfer)
        transfer.repeatOnFreshConnection()
        launch(transfer)
    }

    /// Takes the transfer's handle out of curl's hands.
    private func giveBack(_ transfer: Transfer) {
        guard let easy = transfer.easy else { return }
        if running.removeValue(forKey: easy.pointer) != nil { counts.ended(bufferLength: easy.receiveBufferLength) }
        multi.remove(easy)
        release(transfer)
    }

    private func finish(_ transfer: Transfer, _ outcome: TransferOutcome) {
        guard !transfer.isOver else { return }
        forget(transfer)
        giveBack(transfer)
        transfer.end(outcome)
    }

    /// Takes it off the lists; the handle stays curl's.
    func forget(_ transfer: Transfer) {
        open[ObjectIdentifier(transfer)] = nil
        if transfer.isInLine { lookUps.withdraw { $0 === transfer } }
        guard let easy = transfer.easy, running.removeValue(forKey: easy.pointer) != nil else { return }
        counts.ended(bufferLength: easy.receiveBufferLength)
    }

    /// The end of one that was cancelled.
    func remove(_ transfer: Transfer, _ easy: EasyHandle) {
        multi.remove(easy)
        release(transfer)
    }
}

// MARK: Connections

extension DriverCore {
    func opened(_ descriptor: Int32, to remote: SocketAddress, by transfer: Transfer) {
        let server = transfer.proxy ?? transfer.request.url.origin
        pool.opened(descriptor, for: transfer.requirements, at: server, remote, by: ObjectIdentifier(transfer))
    }

    /// Whether a transfer's request may go out on the connection that curl has chosen for it.
    func admit(_ transfer: Transfer, localPort: Int, remote: () -> SocketAddress?) -> ConnectionPool.Table.Admission {
        let user = ObjectIdentifier(transfer)
        guard let descriptor = pool.find(for: user, localPort: localPort, remote: remote) else {
            guard !transfer.mayReuseConnection else { return .refused }
            // A connection made for this transfer needs no check. But the table can't identify it, so it is not reused.
            transfer.easy?.forbidReuse()
            return .fresh
        }
        // The exchanges that curl has ended on it, and will report later.
        for other in pool.users(of: descriptor) where other != user {
            if let earlier = open[other] { release(earlier) }
        }
        return transfer.easy.map { pool.take(descriptor, by: user, for: transfer.requirements, $0) } ?? .refused
    }

    private func release(_ transfer: Transfer) {
        pool.release(
            ObjectIdentifier(transfer), isClean: transfer.leavesConnectionClean, now: loop.now)
    }
}

// MARK: Name lookups

extension DriverCore {
    func lookUpEnded(_ name: String, _ succeeded: Bool) {
        lookUps.finish(name, succeeded: succeeded, now: loop.now)
        multi.whenFree { [self] in launchWaiting() }
    }

    func lookUpAbandoned(_ name: String) {
        lookUps.abandon(name, now: loop.now)
        multi.whenFree { [self] in launchWaiting() }
    }

    private func launchWaiting() {
        for transfer in lookUps.overdue(now: loop.now) {
            transfer.isInLine = false
            let host = transfer.request.url.host
            let message = "\(host) was not looked up in time: that, or the lookups of other names, took too long"
            finish(transfer, .failed(transfer.error(.local, message)))
        }
        while let transfer = lookUps.next(now: loop.now) { launch(transfer) }
        setLookUpTimer()
    }

    private func setLookUpTimer() {
        if let time = lookUps.nextMoment { lookUpTimer.schedule(after: time - loop.now + .milliseconds(10)) }
    }
}

// MARK: Time

extension DriverCore {
    /// Ends the transfer if nothing moves. curl's own low-speed limit measures an average over seconds; this one is
    /// exact, and a pause stops it. While all transfers are paused nothing wakes the loop.
    func watchForStalls(_ transfer: Transfer) {
        guard !isStallTimerSet, transfer.isWaitingForServer else { return }
        setStallTimer(transfer.stallLimit)
    }

    private func setStallTimer(_ limit: Duration) {
        isStallTimerSet = true
        stallTimer.schedule(after: min(.seconds(1), limit / 4))
    }

    private func failStalled() {
        isStallTimerSet = false
        let now = loop.now
        var shortest: Duration?
        for transfer in Array(running.values) where transfer.isWaitingForServer {
            let limit = transfer.stallLimit
            guard now - transfer.lastProgress > limit else {
                shortest = min(shortest ?? limit, limit)
                continue
            }
            finish(transfer, transfer.outcomeOfStall)
        }
        if let shortest { setStallTimer(shortest) }
    }
}

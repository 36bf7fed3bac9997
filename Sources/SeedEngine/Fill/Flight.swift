import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// One span being fetched: takes the response on the driver thread, writes it on store threads or hands it to the one
/// stream that it is for, and tells the task.
final class Flight: OriginSink {
    let id: FlightID
    private let task: LiveTask
    private let context: EngineContext
    private let order: FlightOrder
    /// Takes the bytes in, if they don't go into the store.
    private let direct: DirectBuffer?

    private struct State {
        var receiveQueue: ReceiveQueue
        var mode = Mode.undecided
        /// The object offset of the next body byte to come.
        var received: Int64 = 0
        /// The object offset of the next byte to be written.
        var written: Int64 = 0
        /// When it was begun, or last wrote.
        var mark: MonotonicTime
        /// Of the reserved room, what is still to be given back.
        var reserved: Int64
        /// Bytes from here on are not wanted.
        var stopAt = Int64.max
        var collected = ByteBuilder()
        var outcome: OriginOutcome?
        /// Nil until `OriginSource.start` has returned; the response may come before that.
        var transfer: (any OriginTransfer)?
        /// Cancelled before the transfer was known.
        var isCancelled = false
        var mustResume = false

        /// The bytes that are wanted; nil if none are.
        var range: ByteRange? {
            switch mode {
            case .keeping(let keep): keep.range
            case .passingOn(let range): range
            case .undecided, .collecting, .rejected: nil
            }
        }

        var kept: TaskMachine.Keep? {
            if case .keeping(let keep) = mode { keep } else { nil }
        }
    }

    private enum Mode {
        case undecided
        case keeping(TaskMachine.Keep)
        /// The bytes of this range go to one stream.
        case passingOn(ByteRange)
        case collecting(OriginHead)
        case rejected(TaskMachine.FlightOutcome)
    }

    private let state: Lock<State>

    /// - Parameter direct: of the stream that the flight is for, if it is for one.
    init(order: FlightOrder, into direct: DirectBuffer? = nil, task: LiveTask, context: EngineContext) {
        id = order.id
        self.order = order
        self.direct = direct
        self.task = task
        self.context = context
        state = Lock(
            State(
                receiveQueue: ReceiveQueue(limit: context.configuration.receiveQueueLength),
                mark: context.now().monotonic,
                reserved: order.reserve))
    }

    /// Asks the origin, if there is room for what it will bring, or it needs none (rule:reserve-before-fetch).
    func start(_ request: OriginRequest) {
        guard direct != nil || context.store.reserve(order.reserve) else {
            return task.flightEnded(id, .bypass(.noRoom))
        }
        let transfer = context.origin.start(request, into: self)
        let (isCancelled, mustResume) = state.withLock {
            $0.transfer = transfer
            return ($0.isCancelled, $0.mustResume)
        }
        if isCancelled { transfer.cancel() }
        if mustResume { transfer.resume() }
    }

    /// Ends the flight at `offset`, counted as complete; `nil` cancels it at once.
    func stop(at offset: Int64?) {
        let transfer: (any OriginTransfer)? = state.withLock { state in
            if let offset, state.received < offset {
                state.stopAt = min(state.stopAt, offset)
                return nil
            }
            state.stopAt = min(state.stopAt, offset ?? state.stopAt)
            state.isCancelled = true
            return state.transfer
        }
        transfer?.cancel()
    }

    /// A stream waits for it now.
    func raise(to priority: OriginPriority) {
        state.withLock { $0.transfer }?.raise(to: priority)
    }

    // MARK: Driver thread

    func head(_ head: OriginHead) -> ResponseDisposition {
        let room = state.withLock { $0.reserved }
        switch task.flightHead(id, head, order, room: room) {
        case .keep(let keep):
            state.withLock {
                $0.mode = .keeping(keep)
                $0.received = keep.bodyStart
                $0.written = keep.range.lowerBound
                $0.stopAt = min($0.stopAt, keep.range.upperBound)
            }
            return .accept(limit: keep.range.upperBound - keep.bodyStart)
        case .passOn(let range, let bodyStart):
            state.withLock {
                $0.mode = .passingOn(range)
                $0.received = bodyStart
                $0.stopAt = min($0.stopAt, range.upperBound)
            }
            return .accept(limit: range.upperBound - bodyStart)
        case .collect:
            state.withLock { $0.mode = .collecting(head) }
            return .accept(limit: Int64(OriginErrorResponse.bodyLimit) + 1)
        case .needsRoom(let bytes):
            guard context.store.reserve(bytes - room) else {
                state.withLock { $0.mode = .rejected(.bypass(.noRoom)) }
                return .reject
            }
            state.withLock { $0.reserved = bytes }
            return self.head(head)
        case .reject(let outcome):
            state.withLock { $0.mode = .rejected(outcome) }
            return .reject
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> OriginIntake {
        let received = state.withLock { state -> Received in
            guard let range = state.range else {
                if case .collecting = state.mode { state.collected.append(bytes) }
                return Received()
            }
            var received = Received()
            if let wanted = Self.wanted(bytes, at: state.received, from: range.lowerBound, to: state.stopAt) {
                received = take(wanted, at: max(state.received, range.lowerBound), &state)
                guard received.intake == .taken else { return received }
            }
            state.received += Int64(bytes.count)
            guard state.received >= state.stopAt else { return received }
            state.isCancelled = true
            received.transfer = state.transfer
            return received
        }
        if received.mustDrain { context.store.threads.run { self.drain() } }
        if let passed = received.passed { task.flightPassed(id, passed) }
        received.transfer?.cancel()
        return received.intake
    }

    /// What is left to do, without the lock, when bytes have come.
    private struct Received {
        var intake = OriginIntake.taken
        var mustDrain = false
        /// These went to the stream that the flight is for.
        var passed: ByteRange?
        /// Has brought all that is wanted.
        var transfer: (any OriginTransfer)?
    }

    /// Hands wanted bytes to the one stream that they are for, or queues them for the store.
    private func take(_ wanted: UnsafeRawBufferPointer, at offset: Int64, _ state: inout State) -> Received {
        guard let direct else {
            switch state.receiveQueue.offer(wanted, spare: context.buffers.take) {
            case .pause: return Received(intake: .pause)
            case .taken(let mustDrain): return Received(mustDrain: mustDrain)
            }
        }
        guard direct.offer(wanted, at: offset, resume: { [weak self] in self?.resume() }) == .taken else {
            return Received(intake: .pause)
        }
        state.written = offset + Int64(wanted.count)
        return Received(passed: ByteRange(offset, state.written))
    }

    /// The stream has taken what it had.
    private func resume() {
        let transfer = state.withLock { state in
            if state.transfer == nil { state.mustResume = true }
            return state.transfer
        }
        transfer?.resume()
    }

    /// The part of the received bytes that lies in the flight's range.
    private static func wanted(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, from start: Int64, to end: Int64
    ) -> UnsafeRawBufferPointer? {
        let lower = max(0, min(Int64(bytes.count), start - offset))
        let upper = max(lower, min(Int64(bytes.count), end - offset))
        return lower < upper ? UnsafeRawBufferPointer(rebasing: bytes[Int(lower)..<Int(upper)]) : nil
    }

    func end(_ outcome: OriginOutcome) {
        let drain = state.withLock {
            $0.outcome = outcome
            return $0.receiveQueue.beginDraining()
        }
        if drain { context.store.threads.run { self.drain() } }
    }

    // MARK: Store threads

    /// Writes what is queued, in order; at most one store thread is in here for a flight.
    private func drain() {
        while true {
            var (batch, offset, outcome, transfer) = state.withLock { state in
                let batch = state.receiveQueue.take()
                if batch.mustResume, state.transfer == nil { state.mustResume = true }
                return (batch, state.written, state.outcome, state.transfer)
            }
            guard !batch.buffers.isEmpty else {
                if let outcome { finish(outcome) }
                return
            }
            if batch.mustResume { transfer?.resume() }
            write(&batch.buffers, at: offset)
        }
    }

    private func write(_ buffers: inout [ByteBuilder], at start: Int64) {
        defer { context.buffers.give(&buffers) }
        guard let (keep, stopAt) = state.withLock({ state in state.kept.map { ($0, state.stopAt) } }) else { return }
        do {
            guard let file = try task.content(of: keep.epoch) else { return }
            var parts: [BlockMap.Fragment] = []
            var offset = start
            for buffer in buffers where offset < stopAt {
                try buffer.withUnsafeBytes { bytes throws(StorageError) in
                    // A trim may have come while these waited.
                    let wanted = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(stopAt - offset)))
                    try file.write(wanted, at: offset)
                    parts += keep.grid.fragments(wanted, at: offset)
                    offset += Int64(wanted.count)
                }
            }
            context.counters.storedBytes.add(offset - start)
            let now = context.now().monotonic
            let (used, spent) = state.withLock { state in
                defer { (state.written, state.mark) = (offset, now) }
                let used = min(offset - state.written, state.reserved)
                state.reserved -= used
                return (used, now - state.mark)
            }
            // Written bytes are counted by the store; still reserved, they would count twice.
            context.store.release(used)
            task.flightWrote(id, parts, spent: spent)
        } catch {
            fail(EngineError(.storage, "\(error)"))
        }
    }

    /// A write failed: further bytes are discarded, and the task is told when the transfer has ended.
    private func fail(_ error: EngineError) {
        let transfer = state.withLock {
            $0.mode = .rejected(.failed(error, .never))
            $0.isCancelled = true
            return $0.transfer
        }
        transfer?.cancel()
    }

    private func finish(_ outcome: OriginOutcome) {
        context.store.release(state.withLock { $0.reserved })
        let (mode, written, stopAt, body) = state.withLock { ($0.mode, $0.written, $0.stopAt, $0.collected.bytes) }
        task.flightEnded(id, Self.judge(mode, outcome, isWhole: written >= stopAt, body: body))
    }

    private static func judge(
        _ mode: Mode, _ outcome: OriginOutcome, isWhole: Bool, body: Bytes
    ) -> TaskMachine.FlightOutcome {
        switch (mode, outcome) {
        case (.rejected(let reason), _): reason
        case (.keeping, _) where isWhole, (.passingOn, _) where isWhole: .complete
        case (.collecting, .complete) where body.count > OriginErrorResponse.bodyLimit: .bypass(.longErrorBody)
        case (.collecting(let head), .complete):
            .errorResponse(OriginErrorResponse(status: head.status, headers: head.headers, body: body))
        case (_, .complete): .failed(.shortResponse, .later)
        case (_, .cancelled), (_, .rejected): .cancelled
        case (_, .failed(let error)): .failed(EngineError(error), Retry(error))
        }
    }
}

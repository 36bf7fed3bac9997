import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// The rest of an object for one stream, past the store: for when there is no room to keep it (rule 19).
///
/// One bounded span at a time goes through a window in memory, and the next is asked for when the client has taken it.
/// So a slow client never pauses a transfer; only where the origin knows no ranges is one request all there is.
final class DirectFeed: Sendable {
    /// Bytes of one span, and most bytes that wait for the client. A client that reads at full speed waits one round
    /// trip for each.
    static let window: Int64 = 2 << 20

    private struct State {
        /// The next byte to ask for or to receive.
        var received: Int64
        /// The end of the running span.
        var spanEnd: Int64
        var handOff: HandOff
        /// What was taken out of the hand-off and not yet by the client, the first last.
        var ready: [ByteBuilder] = []
        var transfer: (any OriginTransfer)?
        var isRunning = false
        var isCancelled = false
        var isWaiting = false
        var failures = RetryBudget()
        var failedSpans: UInt64 = 0
        var failure: EngineError?
    }

    private let range: ByteRange
    private let generation: Generation
    private let request: TaskRequest
    private let context: EngineContext
    private let wake: @Sendable () -> Void
    private let state: Lock<State>

    init(
        _ range: ByteRange, of generation: Generation, _ request: TaskRequest, _ context: EngineContext,
        wake: @escaping @Sendable () -> Void
    ) {
        self.range = range
        self.generation = generation
        self.request = request
        self.context = context
        self.wake = wake
        context.counters.directStreams.add(1)
        state = Lock(
            State(
                received: range.lowerBound, spanEnd: range.lowerBound, handOff: HandOff(limit: Int(Self.window))))
    }

    /// The next step of the stream. Never blocks.
    func next() -> PieceStream.Step {
        let (step, mustStart, paused) = state.withLock { state -> (PieceStream.Step, Bool, (any OriginTransfer)?) in
            var paused: (any OriginTransfer)?
            if state.ready.isEmpty {
                let batch = state.handOff.take()
                state.ready = batch.buffers.reversed()
                if batch.mustResume { paused = state.transfer }
            }
            if var buffer = state.ready.popLast() { return (.bytes(.bytes(buffer.take())), false, paused) }
            if let failure = state.failure { return (.failed(failure), false, nil) }
            if state.received == range.upperBound { return (.end, false, nil) }
            state.isWaiting = true
            guard !state.isRunning, !state.isCancelled else { return (.wait, false, nil) }
            state.isRunning = true
            let span = generation.isSequential ? range.upperBound - state.received : Self.window
            state.spanEnd = min(range.upperBound, state.received + span)
            return (.wait, true, nil)
        }
        paused?.resume()
        if mustStart { start() }
        return step
    }

    func cancel() {
        let transfer = state.withLock { state in
            state.isCancelled = true
            return state.transfer
        }
        transfer?.cancel()
    }

    private func start() {
        let asked = state.withLock { ByteRange($0.received, $0.spanEnd) }
        context.flights.began()
        context.counters.count(.demand)
        let span = DirectSpan(asked, of: generation, feed: self)
        let transfer = context.origin.start(
            OriginRequest(
                url: request.url, headers: request.headers,
                range: .bounded(first: asked.lowerBound, last: asked.upperBound - 1),
                condition: generation.validator.resumeCondition, credential: request.credential,
                priority: request.priority), into: span)
        let isCancelled = state.withLock { state in
            if state.isRunning { state.transfer = transfer }
            return state.isCancelled
        }
        if isCancelled { transfer.cancel() }
    }

    // MARK: Driver thread

    fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> OriginIntake {
        let (intake, isWaiting) = state.withLock { state in
            guard
                case .taken = state.handOff.offer(
                    bytes, spare: { ByteBuilder(capacity: HandOff.bufferLength) })
            else { return (OriginIntake.pause, false) }
            state.received += Int64(bytes.count)
            state.failures.wrote(Int64(bytes.count))
            defer { state.isWaiting = false }
            return (.taken, state.isWaiting)
        }
        if isWaiting { wake() }
        return intake
    }

    fileprivate func ended(_ error: EngineError?, isRetryable: Bool) {
        context.flights.ended()
        let pause: ClosedRange<Duration>? = state.withLock { state in
            state.transfer = nil
            guard state.received < state.spanEnd, !state.isCancelled else { return nil }
            state.failedSpans += 1
            let decision = state.failures.failed(
                state.failedSpans, next: state.failedSpans + 1, asked: nil, now: context.now().monotonic,
                context.configuration)
            if isRetryable, case .retry(let pause) = decision { return pause }
            state.failure = error ?? .shortAnswer
            return nil
        }
        // Until then the feed counts as running, so that no other request is begun.
        guard let pause else { return resume() }
        context.after(Duration.random(in: pause)) { [weak self] in self?.resume() }
    }

    private func resume() {
        let isWaiting = state.withLock { state in
            state.isRunning = false
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if isWaiting { wake() }
    }
}

/// One request of a direct feed: lets nothing through but the bytes asked for, of the right generation.
private final class DirectSpan: OriginSink {
    private let asked: ByteRange
    private let generation: Generation
    private let feed: DirectFeed

    private struct State {
        /// The object offset of the next body byte.
        var at: Int64 = 0
        var failure: (error: EngineError, isRetryable: Bool)?
    }

    private let state = Lock(State())

    init(_ asked: ByteRange, of generation: Generation, feed: DirectFeed) {
        self.asked = asked
        self.generation = generation
        self.feed = feed
    }

    func head(_ head: OriginHead) -> OriginVerdict {
        let admitted = AnswerAdmission.judge(
            head, asked: .bounded(first: asked.lowerBound, last: asked.upperBound - 1),
            condition: generation.validator.resumeCondition,
            known: KnownGeneration(total: generation.length, validator: generation.validator))
        switch admitted {
        case .part(let range, _, _): state.withLock { $0.at = range.lowerBound }
        case .whole(.some, _): break
        case .error(let status):
            let isRetryable = RetryRule.isRetryable(status: status)
            state.withLock { $0.failure = (.status(status), isRetryable) }
            return .reject
        case .whole(nil, _), .unsatisfiable, .notModified, .changed, .refused:
            state.withLock { $0.failure = (.changedWhileReading, false) }
            return .reject
        }
        return .accept(limit: asked.upperBound - state.withLock { $0.at })
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> OriginIntake {
        let at = state.withLock { $0.at }
        // An origin without ranges sends what lies before, too.
        let skipped = Int(max(0, min(Int64(bytes.count), asked.lowerBound - at)))
        let wanted = UnsafeRawBufferPointer(rebasing: bytes[skipped...])
        if !wanted.isEmpty, feed.take(wanted) == .pause { return .pause }
        state.withLock { $0.at += Int64(bytes.count) }
        return .taken
    }

    func end(_ outcome: OriginOutcome) {
        let failure = state.withLock { $0.failure }
        switch outcome {
        case .failed(let error): feed.ended(EngineError(error), isRetryable: error.isRetryable)
        case .complete, .rejected, .cancelled: feed.ended(failure?.error, isRetryable: failure?.isRetryable ?? true)
        }
    }
}

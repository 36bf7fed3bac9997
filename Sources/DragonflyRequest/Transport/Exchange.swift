import EventLoops
import HTTPTransfers
import SeedSupport

/// One request and its response, between the event loop that receives it and the task that reads it.
///
/// The loop stops reading from the connection when `ResponseIntake.highWatermark` bytes wait for the reader, or fewer
/// where much waits for others, and goes on when they are taken: a slow reader holds the sender back, and memory stays
/// bounded.
final class Exchange: Sendable {
    private static let refusalTimeout = Duration.seconds(5)
    private static let silence = TransportError.silence("no byte came for a while, and no other request is answered")
    private static let ended = TransportError.connection("the client has ended")
    /// Bytes that may wait for all readers of a client, but for `ResponseIntake.lowWatermark` of each.
    private static let longestWaiting: Int64 = 32 << 20

    private struct State {
        var intake: ResponseIntake
        var clock: ExchangeClock
        var waiter: Waiter?
        var running: LoopBound<Running>?

        /// Applies a change and returns the reader that it makes ready, which must be resumed outside the lock.
        mutating func change<R>(_ body: (inout ResponseIntake) -> R) -> (R, CheckedContinuation<Void, Never>?) {
            let result = body(&intake)
            guard let waiter, intake.has(waiter.awaited) else { return (result, nil) }
            self.waiter = nil
            return (result, waiter.continuation)
        }
    }

    private struct Waiter {
        let awaited: ResponseIntake.Awaited
        let continuation: CheckedContinuation<Void, Never>
    }

    /// The part that lives on the loop; nil once the exchange has ended.
    private struct Running {
        let transfer: Transfer
        let timer: LoopTimer
    }

    private let driver: TransferDriver
    /// Bytes that wait for all readers of the client.
    private let waiting: Gauge
    private let state: Lock<State>

    /// Sends the request.
    /// - Parameters:
    ///   - deadline: of the last byte of the body.
    ///   - silence: how long no byte may come before the reader is told; nil for as long as it takes.
    ///   - waiting: bytes that wait for all readers of the client.
    ///   - gathers: whether the reader wants all bytes in memory.
    init(
        _ request: TransferRequest, on driver: TransferDriver, until deadline: MonotonicTime, silence: Duration? = nil,
        waiting: Gauge, gathers: Bool = false
    ) {
        self.driver = driver
        self.waiting = waiting
        let clock = ExchangeClock(.now(), until: deadline, silence: silence)
        state = Lock(State(intake: ResponseIntake(gathers: gathers), clock: clock))
        if !driver.loop.post({ [self] in begin(request) }) { _ = change { $0.finish(.failed(Self.ended)) } }
    }

    deinit { waiting.add(-Int64(state.withLock { $0.intake.waiting })) }

    /// - Parameter hasMoved: bytes came.
    private func change<R>(hasMoved: Bool = false, _ body: (inout ResponseIntake) -> R) -> R {
        let (result, ready) = state.withLock { state in
            let before = state.intake.waiting
            defer { if state.intake.waiting != before { waiting.add(Int64(state.intake.waiting - before)) } }
            if hasMoved { state.clock.restart(driver.loop.now) }
            return state.change(body)
        }
        ready?.resume()
        return result
    }
}

/// For the task that made the request. One call at a time.
extension Exchange {
    /// The head, as soon as it is there; if the body is gathered, when that has ended, well or not. Of a response that
    /// is not 2xx, when so much of its body has come as is read.
    func head() async throws(TransportError) -> TransferHead {
        try await wait(for: .head) { intake in
            if intake.isSilent { return .failure(Self.silence) }
            if let head = intake.head, !intake.isRefusal || intake.end != .failed(.cancelled) { return .success(head) }
            return .failure(intake.failure)
        }
    }

    /// What was gathered; `next` gives what comes after it.
    func takeGathered() -> [UInt8] { change { $0.takeGathered() } }

    /// All bytes that have come, as soon as they are `count` or the body ends; nothing after the last.
    func next(waitingFor count: Int) async throws(TransportError) -> [Bytes] {
        var wasPaused = false
        defer { if wasPaused { resume() } }
        return try await wait(for: .bytes(min(count, ResponseIntake.highWatermark))) { intake in
            wasPaused = intake.isPaused
            let chunks = intake.takeChunks()
            if !chunks.isEmpty || intake.end == .complete { return .success(chunks) }
            return .failure(intake.isSilent ? Self.silence : intake.failure)
        }
    }

    /// No byte has come since the reader was told so.
    var isSilent: Bool { state.withLock { $0.intake.isSilent } }

    /// The sender is silent, and that is all right.
    func waitLonger() {
        state.withLock { state in
            state.intake.isSilent = false
            state.clock.restart(.now())
        }
        driver.loop.post { [self] in lookAtClock() }
    }

    /// The reader has held the sender back.
    private func resume() {
        state.withLock { $0.clock.restart(.now()) }
        onLoop { $0.transfer.resume() }
    }

    /// Returns when the exchange has ended.
    func end() async throws(TransportError) {
        try await wait(for: .end) { $0.end == .complete ? .success(()) : .failure($0.failure) }
    }

    /// Ends the request and its connection, unless the response is complete. From any thread.
    func cancel() {
        guard change({ $0.finish(.failed(.cancelled)) }) else { return }
        driver.loop.post { [self] in stop() }
    }

    private func wait<Value>(
        for awaited: ResponseIntake.Awaited, _ take: (inout ResponseIntake) -> Result<Value, TransportError>
    ) async throws(TransportError) -> Value {
        while true {
            await isReady(awaited)
            // A byte may have ended a silence since.
            if let result = change({ $0.has(awaited) ? take(&$0) : nil }) { return try result.get() }
        }
    }

    private func isReady(_ awaited: ResponseIntake.Awaited) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.intake.has(awaited) { return true }
                    state.waiter = Waiter(awaited: awaited, continuation: continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }
}

/// On the loop.
extension Exchange: TransferDelegate {
    private func begin(_ request: TransferRequest) {
        guard state.withLock({ $0.intake.end }) == nil else { return }
        let timer = driver.loop.makeTimer { [unowned self] in lookAtClock() }
        let running = LoopBound(Running(transfer: driver.begin(request, self), timer: timer), on: driver.loop)
        state.withLock { $0.running = running }
        lookAtClock()
    }

    private func lookAtClock() {
        let (judgement, running) = state.withLock { state in
            (state.clock.judge(.now(), isPaused: state.intake.isPaused), state.running)
        }
        switch judgement {
        case .wait(let pause): running?.value.timer.schedule(after: pause)
        case .silent(let pause):
            running?.value.timer.schedule(after: pause)
            change { $0.isSilent = true }
        case .timeIsUp:
            stop()
            _ = change { $0.finish($0.isRefusal ? .complete : .failed(.timeout("no complete response in time"))) }
        }
    }

    private func onLoop(_ work: @escaping @Sendable (borrowing Running) -> Void) {
        driver.loop.post { [state] in
            if let running = state.withLock({ $0.running })?.value { work(running) }
        }
    }

    func transferHead(_ head: TransferHead) -> Bool {
        change(hasMoved: true) { $0.receive(head) }
        if !head.isSuccess {
            state.withLock { $0.clock.refused(.now(), atMost: Self.refusalTimeout) }
            lookAtClock()
        }
        return true
    }

    func transferBody(_ bytes: UnsafeRawBufferPointer) -> TransferIntake {
        let room = Self.longestWaiting - waiting.current
        return change(hasMoved: true) { $0.receive(bytes, room: room) }
    }

    func transferEnded(_ outcome: TransferOutcome) {
        stop()
        let end: ResponseIntake.End =
            switch outcome {
            // Stopped: enough of a refusal's body has come.
            case .complete, .stopped: .complete
            case .cancelled: .failed(Self.ended)
            case .failed(let error): .failed(TransportError(error))
            }
        _ = change { $0.finish(end) }
    }

    private func stop() {
        guard let running = state.withLock({ $0.running.take() })?.value else { return }
        running.timer.cancel()
        running.transfer.cancel()
    }
}

extension ResponseIntake {
    fileprivate var failure: TransportError {
        if case .failed(let error) = end { error } else { .connection("the response ended before its head did") }
    }
}

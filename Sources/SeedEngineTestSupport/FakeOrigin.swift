import Dispatch
package import HTTPSemantics
package import SeedOrigin
import SeedSupport
import SeedTestSupport

/// A passive origin: it records what is started, and the test plays the origin by calling `head`, `receive` and `end`
/// on each transfer. Every call reaches the sink synchronously, on the test's thread.
package final class FakeOrigin: OriginSource {
    private struct State {
        var transfers: [FakeTransfer] = []
        var taken = 0
        var endsCancelled = false
        var isShutDown = false
    }

    private let state = Lock(State())
    private let started = Signal()

    package init() {}

    package func start(_ request: OriginRequest, into sink: any OriginSink) -> any OriginTransfer {
        let transfer = FakeTransfer(request: request, sink: sink)
        let endsCancelled = state.withLock { state in
            state.transfers.append(transfer)
            return state.endsCancelled
        }
        if endsCancelled { transfer.endWhenCancelled() }
        started.notify()
        return transfer
    }

    /// Waiting for another transfer ends. Open transfers stay open unless the test ends them.
    package func shutdown() {
        state.withLock { $0.isShutDown = true }
        started.notify()
    }

    /// Ends what the engine has cancelled or will cancel, as a real source does: an engine whose transfers don't end
    /// waits for them, and is kept alive by them.
    package func endCancelled() {
        let transfers = state.withLock { state in
            state.endsCancelled = true
            return state.transfers
        }
        for transfer in transfers { transfer.endWhenCancelled() }
    }

    /// For a test that opens again what it has closed.
    package func reopen() {
        state.withLock { ($0.isShutDown, $0.endsCancelled) = (false, false) }
    }

    /// Every transfer started so far, in order.
    package var transfers: [FakeTransfer] { state.withLock { $0.transfers } }

    /// Every request started so far, in order.
    package var requests: [OriginRequest] { transfers.map(\.request) }

    /// The next transfer in the order of starting, each handed out once; waits for it. Nil after `seconds`, and once
    /// the origin is shut down and the last was handed out.
    package func next(within seconds: Double = 10) -> FakeTransfer? {
        let found: [FakeTransfer]? = started.wait(within: seconds) {
            self.state.withLock { state -> [FakeTransfer]? in
                guard state.taken < state.transfers.count else { return state.isShutDown ? [] : nil }
                state.taken += 1
                return [state.transfers[state.taken - 1]]
            }
        }
        return found?.first
    }
}

/// One request that a `FakeOrigin` was asked for, driven by the test.
package final class FakeTransfer: OriginTransfer {
    private struct State {
        var resumes = 0
        var isCancelled = false
        var endsWhenCancelled = false
        var isPaused = false
        var raisedTo: OriginPriority?
        var outcome: OriginOutcome?
        /// Kept until the end, as a real source does; later it would keep the engine alive.
        var sink: (any OriginSink)?
    }

    package let request: OriginRequest
    private let state: Lock<State>
    private let changed = Signal()

    init(request: OriginRequest, sink: any OriginSink) {
        self.request = request
        state = Lock(State(sink: sink))
    }

    private var sink: (any OriginSink)? { state.withLock { $0.sink } }

    // MARK: What the engine calls

    package func resume() {
        state.withLock {
            $0.resumes += 1
            $0.isPaused = false
        }
        changed.notify()
    }

    /// Only noted.
    package func raise(to priority: OriginPriority) {
        state.withLock { $0.raisedTo = priority }
    }

    package var raisedTo: OriginPriority? { state.withLock { $0.raisedTo } }

    /// Only noted, as the end comes later on a real driver thread: the test calls `end(.cancelled)`, or `endCancelled`
    /// was called.
    package func cancel() {
        state.withLock { $0.isCancelled = true }
        changed.notify()
        endIfDue()
    }

    func endWhenCancelled() {
        state.withLock { $0.endsWhenCancelled = true }
        endIfDue()
    }

    private func endIfDue() {
        let sink = state.withLock { state in
            state.isCancelled && state.endsWhenCancelled ? state.sink.take() : nil
        }
        guard let sink else { return }
        state.withLock { $0.outcome = .cancelled }
        // Not inside the engine's call.
        DispatchQueue.global().async { sink.end(.cancelled) }
    }

    // MARK: What the test calls

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }
    /// The sink answered `.pause` and has not resumed since.
    package var isPaused: Bool { state.withLock { $0.isPaused } }
    package var resumeCount: Int { state.withLock { $0.resumes } }
    /// How the test ended this transfer, nil while open.
    package var outcome: OriginOutcome? { state.withLock { $0.outcome } }

    @discardableResult
    package func head(_ status: Int, _ headers: HTTPFields = [:]) -> ResponseDisposition {
        guard let sink else { preconditionFailure("head after the end") }
        return sink.head(OriginHead(status: status, headers: headers, url: request.url))
    }

    /// Offers bytes once. After `.pause` they were not consumed: wait for `waitForResume()` and offer them again.
    @discardableResult
    package func receive(_ bytes: [UInt8]) -> OriginIntake {
        guard let sink else { preconditionFailure("bytes after the end") }
        let resumesBefore = resumeCount
        let intake = bytes.withUnsafeBytes { sink.receive($0) }
        if intake == .pause {
            // A resume that overtook the response counts, as it does with curl.
            state.withLock { $0.isPaused = $0.resumes == resumesBefore }
        }
        return intake
    }

    /// Offers bytes until they are taken, waiting at each pause. False if a resume did not come within `seconds`.
    package func deliver(_ bytes: [UInt8], within seconds: Double = 10) -> Bool {
        while receive(bytes) == .pause {
            guard waitForResume(within: seconds) else { return false }
        }
        return true
    }

    /// Ends the transfer; a second end is an error of the test.
    package func end(_ outcome: OriginOutcome = .complete(hasCleanEnd: true)) {
        let sink = state.withLock { state in
            state.outcome = state.outcome ?? outcome
            return state.sink.take()
        }
        guard let sink else { preconditionFailure("a transfer ends once") }
        sink.end(outcome)
    }

    /// Waits until the sink no longer pauses. False after `seconds`.
    package func waitForResume(within seconds: Double = 10) -> Bool {
        changed.wait(within: seconds) { self.isPaused ? nil : true } ?? false
    }

    /// Waits until the engine cancelled this transfer. False after `seconds`.
    package func waitForCancel(within seconds: Double = 10) -> Bool {
        changed.wait(within: seconds) { self.isCancelled ? true : nil } ?? false
    }
}

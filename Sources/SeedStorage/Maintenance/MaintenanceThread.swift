import SeedSupport

/// The thread of the jobs that go on beside the requests: it evicts when called, and every interval runs the periodic
/// jobs.
final class MaintenanceThread: Sendable {
    /// Between two recordings of which tasks were used.
    private static let recordInterval = Duration.seconds(60)
    /// Until the next attempt when everything that could go is in use.
    private static let rest = Duration.milliseconds(50)

    /// What the thread does, one at a time.
    struct Jobs: Sendable {
        /// Evicts; false when nothing could go though something should.
        var evict: @Sendable () -> Bool
        var recordUses: @Sendable () -> Void
        /// What happens every interval, and first after the start.
        var periodic: @Sendable () -> Void
    }

    private enum Job {
        case evict
        case recordUses
        case periodic
    }

    private struct State {
        var isCalled = false
        var isStopping = false
        var isWorking = true
        var restsUntil: MonotonicTime?
        var recordAt: MonotonicTime
        var periodicAt: MonotonicTime
    }

    private let state: Monitor<State>
    private let interval: Duration
    private let thread = Monitor<PlatformThread?>(nil)

    /// - Parameter interval: between two runs of the periodic jobs; at least a second.
    init(interval: Duration) {
        self.interval = max(interval, .seconds(1))
        state = Monitor(State(recordAt: .now() + Self.recordInterval, periodicAt: .now()))
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Whether the first periodic jobs are done and nothing that was called for is left to do.
    var isIdle: Bool { state.withLock { !$0.isWorking && !$0.isCalled } }

    func start(_ jobs: Jobs) {
        thread.withLock { $0 = PlatformThread(name: "store-jobs") { self.run(jobs) } }
    }

    /// Asks for an eviction. From any thread; calls before the eviction begins count as one.
    func call() {
        state.signalIfNeeded { state in
            defer { state.isCalled = true }
            return !state.isCalled
        }
    }

    /// Ends the thread. Blocking.
    func stop() {
        state.signal { $0.isStopping = true }
        thread.withLock { $0.take() }?.join()
    }

    private func run(_ jobs: Jobs) {
        while let job = next() {
            switch job {
            case .evict:
                if !jobs.evict() { state.withLock { $0.restsUntil = .now() + Self.rest } }
            case .recordUses: jobs.recordUses()
            case .periodic: jobs.periodic()
            }
        }
    }

    private func next() -> Job? {
        state.wait { state in
            let now = MonotonicTime.now()
            state.isWorking = true
            if state.isStopping { return .go(nil) }
            if state.isCalled, state.restsUntil.map({ $0 <= now }) ?? true {
                state.isCalled = false
                state.restsUntil = nil
                return .go(.evict)
            }
            if state.periodicAt <= now {
                state.periodicAt = now + interval
                return .go(.periodic)
            }
            if state.recordAt <= now {
                state.recordAt = now + Self.recordInterval
                return .go(.recordUses)
            }
            state.isWorking = false
            let call = state.isCalled ? state.restsUntil : nil
            return .wait(until: min(state.periodicAt, min(state.recordAt, call ?? state.recordAt)))
        }
    }
}

import SeedSupport

/// The thread that makes room, and the one whose turn comes with time: it evicts when it is called, and every interval
/// looks for tasks that are too old and measures the files.
final class Housekeeper: Sendable {
    /// Between writing down which tasks were used.
    private static let noteInterval = Duration.seconds(60)
    /// Until the next attempt when all that could go is in use.
    private static let rest = Duration.milliseconds(50)

    private struct State {
        var isCalled = false
        var isStopping = false
        var isWorking = true
        var restsUntil: MonotonicTime?
        var noteAt: MonotonicTime
        var roundAt: MonotonicTime
    }

    /// What the thread does; one is the store's.
    struct Chores: Sendable {
        /// Evicts; false when nothing could go though something should.
        var evict: @Sendable () -> Bool
        var noteUses: @Sendable () -> Void
        /// What happens every interval, and first after the opening.
        var round: @Sendable () -> Void
    }

    private enum Turn {
        case evict
        case noteUses
        case round
    }

    private let state: Monitor<State>
    private let interval: Duration
    private let thread = Monitor<PlatformThread?>(nil)

    /// - Parameter interval: between two rounds; at least a second.
    init(interval: Duration) {
        self.interval = max(interval, .seconds(1))
        state = Monitor(State(noteAt: .now() + Self.noteInterval, roundAt: .now()))
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Whether the first round is over and nothing that was called for is left to do.
    var isIdle: Bool { state.withLock { !$0.isWorking && !$0.isCalled } }

    func start(_ chores: Chores) {
        thread.withLock { $0 = PlatformThread(name: "store-keeper") { self.run(chores) } }
    }

    /// Something should go. From any thread, as often as one likes.
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

    private func run(_ chores: Chores) {
        while let turn = next() {
            switch turn {
            case .evict:
                if !chores.evict() { state.withLock { $0.restsUntil = .now() + Self.rest } }
            case .noteUses: chores.noteUses()
            case .round: chores.round()
            }
        }
    }

    private func next() -> Turn? {
        state.wait { state in
            let now = MonotonicTime.now()
            state.isWorking = true
            if state.isStopping { return .go(nil) }
            if state.isCalled, state.restsUntil.map({ $0 <= now }) ?? true {
                state.isCalled = false
                state.restsUntil = nil
                return .go(.evict)
            }
            if state.roundAt <= now {
                state.roundAt = now + interval
                return .go(.round)
            }
            if state.noteAt <= now {
                state.noteAt = now + Self.noteInterval
                return .go(.noteUses)
            }
            state.isWorking = false
            let call = state.isCalled ? state.restsUntil : nil
            return .wait(until: min(state.roundAt, min(state.noteAt, call ?? state.noteAt)))
        }
    }
}

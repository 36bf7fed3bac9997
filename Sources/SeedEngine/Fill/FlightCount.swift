import SeedSupport

/// How many flights run, so that the engine can stop when the last has ended.
final class FlightCount: Sendable {
    private let running = Monitor(0)

    func began() { running.withLock { $0 += 1 } }

    func ended() {
        running.signalIfNeeded { running in
            running -= 1
            return running == 0
        }
    }

    var current: Int { running.withLock { $0 } }

    /// Blocks until none runs.
    /// - Returns: false if some still run at the deadline.
    func wait(until deadline: MonotonicTime) -> Bool {
        running.wait { running in
            if running == 0 { return .go(true) }
            return .now() >= deadline ? .go(false) : .wait(until: deadline)
        }
    }
}

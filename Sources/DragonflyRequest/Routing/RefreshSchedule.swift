import SeedSupport

/// When rounds of discovery and checks run: one at a time, and because of failures at most every second. A value without
/// I/O.
struct RefreshSchedule: Sendable {
    private static let shortestInterval = Duration.seconds(1)

    private var isRunning = false
    private var isWanted = false
    private var isStopped = false
    private var lastBegan: MonotonicTime?

    /// A round runs or is about to.
    var isBusy: Bool { isRunning || isWanted }

    /// A request failed, so that what is known may be old.
    /// - Returns: after how long the caller is to call `beginWanted`; nil when that will be done anyway.
    mutating func want(_ now: MonotonicTime) -> Duration? {
        guard !isStopped, !isWanted else { return nil }
        isWanted = true
        return isRunning ? nil : pause(now)
    }

    /// Begins the round that was wanted, unless it has begun.
    mutating func beginWanted(_ now: MonotonicTime) -> Bool { isWanted && begin(now) }

    /// False while another round runs.
    mutating func begin(_ now: MonotonicTime) -> Bool {
        guard !isRunning else { return false }
        (isRunning, isWanted, lastBegan) = (true, false, now)
        return true
    }

    /// - Returns: after how long the caller is to call `beginWanted`; nil when no round was wanted since this one began.
    mutating func end(_ now: MonotonicTime) -> Duration? {
        isRunning = false
        return isWanted ? pause(now) : nil
    }

    /// No round is wanted any more.
    mutating func stop() {
        (isStopped, isWanted) = (true, false)
    }

    private func pause(_ now: MonotonicTime) -> Duration {
        lastBegan.map { max(.zero, $0 + Self.shortestInterval - now) } ?? .zero
    }
}

import SeedSupport

/// When rounds run, each a question to discovery and the checks that follow from it: one question at a time, and because of
/// failures at most one a second. The checks of a round don't hold the next one back. A value without I/O.
struct RefreshSchedule: Sendable {
    private static let shortestInterval = Duration.seconds(1)

    /// Rounds that have begun; the number of the last one.
    private(set) var begun = 0
    /// The last round whose question and checks are done.
    private(set) var over = 0
    private var isAsking = false
    private var isWanted = false
    private var isStopped = false
    private var lastBegan: MonotonicTime?

    /// A request failed, so that what is known may be old.
    /// - Returns: after how long the caller is to call `beginWanted`; nil when that will be done anyway.
    mutating func want(_ now: MonotonicTime) -> Duration? {
        guard !isStopped, !isWanted else { return nil }
        isWanted = true
        return isAsking ? nil : pause(now)
    }

    /// Begins the round that was wanted, unless it has begun.
    mutating func beginWanted(_ now: MonotonicTime) -> Int? {
        // Early is a caller from before a round that began meanwhile; one who is on time follows.
        isWanted && pause(now) == .zero ? begin(now) : nil
    }

    /// - Returns: the number of the round; nil while discovery is being asked.
    mutating func begin(_ now: MonotonicTime) -> Int? {
        guard !isAsking else { return nil }
        (isAsking, isWanted, lastBegan) = (true, false, now)
        begun += 1
        return begun
    }

    /// Discovery has answered, or failed.
    /// - Returns: after how long the caller is to call `beginWanted`; nil when no round was wanted since this one began.
    mutating func answered(_ now: MonotonicTime) -> Duration? {
        isAsking = false
        return isWanted ? pause(now) : nil
    }

    /// The round's checks are done.
    mutating func end(_ round: Int) { over = max(over, round) }

    /// No round is wanted any more.
    mutating func stop() {
        (isStopped, isWanted) = (true, false)
    }

    /// Whether a round that began after this many will come to its end, or has.
    func isAwaited(after rounds: Int) -> Bool { over <= rounds && (isWanted || begun > rounds) }

    private func pause(_ now: MonotonicTime) -> Duration {
        lastBegan.map { max(.zero, $0 + Self.shortestInterval - now) } ?? .zero
    }
}

import HTTPSemantics
import SeedSupport

/// Whether the current generation still counts: the one question to the origin that is under way, and what speaks against it.
struct Revalidation: Sendable {
    /// The one request that asks.
    private(set) var flight: FlightID?
    /// The origin answered with another version: nothing new is begun before it was asked again.
    private(set) var isDoubted = false
    /// Until then stale bytes are served without asking: the origin was down a moment ago.
    private var graceEnd: MonotonicTime?
    /// When the generation moved; a task that keeps moving is relayed instead (rule:no-mixed-versions).
    private var moves: [MonotonicTime] = []

    var isRunning: Bool { flight != nil }

    mutating func began(_ id: FlightID) { flight = id }

    /// - Returns: whether it was the question that is under way.
    mutating func ended(_ id: FlightID) -> Bool {
        guard flight == id else { return false }
        flight = nil
        return true
    }

    mutating func doubt() { isDoubted = true }

    /// The origin confirmed the generation.
    /// - Returns: whether it was in doubt.
    mutating func confirmed() -> Bool {
        defer { isDoubted = false }
        return isDoubted
    }

    /// A generation is given up, with what was asked about it.
    mutating func abandoned() {
        flight = nil
        isDoubted = false
    }

    /// A generation begins.
    mutating func becameKnown() {
        isDoubted = false
        graceEnd = nil
    }

    // MARK: Origins that don't respond

    mutating func serveStale(until end: MonotonicTime) { graceEnd = end }

    /// The origin did not respond a moment ago.
    func isInGrace(_ now: ClockReading) -> Bool { graceEnd.map { now.monotonic < $0 } ?? false }

    // MARK: Moves

    /// The origin told of another version, or contradicted itself.
    mutating func noteMove(now: ClockReading) { moves = lateMoves(now: now) + [now.monotonic] }

    /// Three moves within a minute: separate responses will hardly ever fit together (rule:no-mixed-versions).
    func isUnstable(now: ClockReading) -> Bool { lateMoves(now: now).count >= 3 }

    private func lateMoves(now: ClockReading) -> [MonotonicTime] { moves.filter { now.monotonic - $0 < .seconds(60) } }
}

import SeedSupport

/// When an exchange has taken too long, and when no byte has come for too long. A value without I/O.
struct ExchangeClock: Sendable {
    enum Judgement: Equatable {
        case timeIsUp
        /// Nothing came since the request was sent, or since the last byte. To ask again after that.
        case silent(Duration)
        /// To ask again after that.
        case wait(Duration)
    }

    private var deadline: MonotonicTime
    /// Nil: silence is no sign of anything.
    private var silence: Duration?
    private var lastByte: MonotonicTime

    /// - Parameters:
    ///   - deadline: of the last byte of the body.
    ///   - silence: how long no byte may come.
    init(_ now: MonotonicTime, until deadline: MonotonicTime, silence: Duration?) {
        self.deadline = deadline
        self.silence = silence
        lastByte = now
    }

    /// A byte came, or the sender is trusted anew.
    mutating func restart(_ now: MonotonicTime) { lastByte = now }

    /// The response is a refusal: what is left of it is worth so much time, and no question.
    mutating func refused(_ now: MonotonicTime, atMost limit: Duration) {
        deadline = min(deadline, now + limit)
        silence = nil
    }

    /// - Parameter isPaused: the reader holds the sender back.
    mutating func judge(_ now: MonotonicTime, isPaused: Bool) -> Judgement {
        guard now < deadline else { return .timeIsUp }
        if isPaused { lastByte = now }
        guard let silence else { return .wait(deadline - now) }
        let end = lastByte + silence
        return now < end ? .wait(min(end, deadline) - now) : .silent(min(silence, deadline - now))
    }
}

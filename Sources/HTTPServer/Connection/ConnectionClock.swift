import SeedSupport

/// When a connection has been waiting for its client too long. Looked at by the loop's tick only.
struct ConnectionClock {
    enum Judgement: Equatable {
        case fine
        /// End an idle connection.
        case leave
        /// A request head takes too long.
        case refuseHead
        /// A request body has stalled.
        case refuseBody
        case abort
        /// The client has everything but doesn't close its side.
        case close
    }

    private var since: MonotonicTime
    private var isHeadPartial = false
    private var taken = 0
    private var isTaking = false

    init(now: MonotonicTime) {
        since = now
    }

    /// The connection entered another phase.
    mutating func restart(_ now: MonotonicTime) {
        since = now
        isHeadPartial = false
    }

    mutating func headBegan(_ now: MonotonicTime) {
        guard !isHeadPartial else { return }
        isHeadPartial = true
        since = now
    }

    /// Some of a request's body came.
    mutating func bodyMoved(_ now: MonotonicTime) {
        since = now
    }

    /// - Parameters:
    ///   - queued: bytes of responses that the client has not taken yet. While there are some, only taking them counts.
    ///   - taken: a running count of the bytes that it took.
    ///   - wantsBody: more of the request's body could be taken if it came.
    mutating func judge(
        _ now: MonotonicTime, queued: Int, taken: Int, phase: ConnectionMachine.Phase, wantsBody: Bool,
        limits: ConnectionTimeouts
    ) -> Judgement {
        if phase == .serving, !wantsBody, queued == 0 { since = now }
        if taken != self.taken || (queued > 0) != isTaking {
            (self.taken, isTaking) = (taken, queued > 0)
            since = now
        }
        let waited = now - since
        if queued > 0 { return waited > limits.stall ? .abort : .fine }
        switch phase {
        case .idle where isHeadPartial: return waited > limits.head ? .refuseHead : .fine
        case .idle: return waited > limits.idle ? .leave : .fine
        case .lingering: return waited > limits.linger ? .close : .fine
        case .serving: return waited > limits.body ? .refuseBody : .fine
        case .closed: return .fine
        }
    }
}

import NIOCore

/// When a connection has been waiting for its client too long. Looked at by the loop's tick only.
struct ConnectionClock {
    enum Verdict: Equatable {
        case fine
        /// End an idle connection.
        case leave
        /// The head of a request does not come to its end.
        case refuseHead
        /// The body of a request stopped coming.
        case refuseBody
        case abort
    }

    private var since = NIODeadline.now()
    private var isHeadPartial = false
    private var queued = 0

    /// The connection entered another phase.
    mutating func restart() {
        since = .now()
        isHeadPartial = false
    }

    mutating func headBegan() {
        guard !isHeadPartial else { return }
        isHeadPartial = true
        since = .now()
    }

    /// Some of a request's body came.
    mutating func bodyMoved() {
        since = .now()
    }

    /// - Parameters:
    ///   - queued: bytes handed to the channel that the client has not taken yet. While there are some, only their
    ///     shrinking counts.
    ///   - wantsBody: more of the request's body could be taken if it came.
    mutating func judge(
        _ now: NIODeadline, queued: Int, phase: ConnectionMachine.Phase, wantsBody: Bool, limits: ProxyConfiguration
    ) -> Verdict {
        if phase == .serving, !wantsBody, queued == 0 { since = now }
        if queued != self.queued {
            self.queued = queued
            since = now
        }
        let waited = now - since
        if queued > 0 { return waited > TimeAmount(limits.stallTimeout) ? .abort : .fine }
        switch phase {
        case .idle where isHeadPartial: return waited > TimeAmount(limits.headTimeout) ? .refuseHead : .fine
        case .idle: return waited > TimeAmount(limits.idleTimeout) ? .leave : .fine
        case .lingering: return waited > TimeAmount(limits.lingerTimeout) ? .abort : .fine
        case .serving: return waited > TimeAmount(limits.bodyTimeout) ? .refuseBody : .fine
        case .closed: return .fine
        }
    }
}

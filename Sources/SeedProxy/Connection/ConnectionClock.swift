import NIOCore

/// When a connection has been waiting for its client too long. Looked at by the loop's tick only.
struct ConnectionClock {
    enum Verdict: Equatable {
        case fine
        /// End an idle connection.
        case leave
        /// The head of a request does not come to its end.
        case refuse
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

    /// - Parameter queued: bytes handed to the channel that the client has not taken yet. While there are some, only
    ///   their shrinking counts.
    mutating func judge(
        _ now: NIODeadline, queued: Int, phase: ConnectionMachine.Phase, limits: ProxyConfiguration
    ) -> Verdict {
        if queued != self.queued {
            self.queued = queued
            since = now
        }
        let waited = now - since
        if queued > 0 { return waited > TimeAmount(limits.stallTimeout) ? .abort : .fine }
        switch phase {
        case .idle where isHeadPartial: return waited > TimeAmount(limits.headTimeout) ? .refuse : .fine
        case .idle: return waited > TimeAmount(limits.idleTimeout) ? .leave : .fine
        case .lingering: return waited > TimeAmount(limits.lingerTimeout) ? .abort : .fine
        case .serving, .closed: return .fine
        }
    }
}

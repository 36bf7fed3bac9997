import SeedSupport

/// What a seed peer does with a request whose answer doesn't matter.
enum SeedPeerAnswer: Sendable {
    /// Any HTTP response.
    case response
    /// The connection is refused or ended: it works, but takes no more, as at a limit of connections, or when it stops and
    /// finishes what it has.
    case rejection
    /// Nothing, in time.
    case none
}

/// Shares one question among all who want to know at the same time whether a seed peer answers.
final class SeedPeerLiveness: Sendable {
    private let running = Lock<[Endpoint: Task<SeedPeerAnswer, Never>]>([:])

    func answer(of peer: Endpoint, ask: @escaping @Sendable () async -> SeedPeerAnswer) async -> SeedPeerAnswer {
        let task = running.withLock { running in
            if let task = running[peer] { return task }
            let task = Task {
                defer { self.running.withLock { $0[peer] = nil } }
                return await ask()
            }
            running[peer] = task
            return task
        }
        return await task.value
    }
}

import SeedSupport

/// Shares one question among all who want to know at the same time whether a seed peer answers.
final class SeedPeerLiveness: Sendable {
    private let running = Lock<[Endpoint: Task<Bool, Never>]>([:])

    func isAnswering(_ peer: Endpoint, ask: @escaping @Sendable () async -> Bool) async -> Bool {
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

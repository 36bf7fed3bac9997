import SeedSupport

/// How many connections each client address has open, over all loops.
final class ClientCounts: Sendable {
    private let counts = Lock<[IPAddress: Int]>([:])
    private let limit: Int

    /// - Parameter limit: 0 means no limit.
    init(limit: Int) {
        self.limit = limit
    }

    /// False when the client has as many as it may have. Every true is paid back by `leave`.
    func enter(_ client: IPAddress) -> Bool {
        guard limit > 0 else { return true }
        return counts.withLock { counts in
            let count = counts[client, default: 0]
            guard count < limit else { return false }
            counts[client] = count + 1
            return true
        }
    }

    func leave(_ client: IPAddress) {
        guard limit > 0 else { return }
        counts.withLock { counts in
            let count = counts[client, default: 1] - 1
            counts[client] = count > 0 ? count : nil
        }
    }
}

import SeedStorage

extension PieceStore {
    /// Runs blocking work on one of the store's threads. Nil, and nothing is done, when the store is closing.
    func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            let isTaken = threads.run { continuation.resume(returning: work()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }
}

import DragonflyIdentity
import SeedSupport

/// Who was used when: the order of eviction, and the tasks whose last use is not written down yet.
final class UseLog: Sendable {
    /// Tasks whose use waits to be written; further ones are noted with their next read.
    private static let waitingLimit = 65_536
    private static let bytesPerPiece = 72

    private struct State {
        var policy: EvictionPolicy
        var waiting: Set<StoreKey> = []
        /// Pieces were forgotten for lack of memory: the index has some that the policy does not know.
        var hasForgotten = false
    }

    private let state: Lock<State>

    init(memory: Int) {
        state = Lock(State(policy: EvictionPolicy(limit: memory / Self.bytesPerPiece)))
    }

    /// A client reads the piece.
    func use(_ piece: PieceName, bytes: Int64, now: Timestamp) {
        let second = UInt32(truncatingIfNeeded: now.seconds)
        state.withLock { state in
            if state.policy.use(piece, bytes: bytes, at: second) { state.hasForgotten = true }
            if state.waiting.count < Self.waitingLimit { state.waiting.insert(piece.file.key) }
        }
    }

    /// The piece holds so many bytes now; none means that it is gone.
    func hold(_ piece: PieceName, bytes: Int64) {
        state.withLock { state in
            guard bytes > 0 else { return state.policy.remove(piece) }
            if state.policy.hold(piece, bytes: bytes) { state.hasForgotten = true }
        }
    }

    /// Puts a victim back that cannot go now.
    func spare(_ piece: PieceName, bytes: Int64) { hold(piece, bytes: max(bytes, 1)) }

    func addColdest(_ pieces: [(name: PieceName, bytes: Int64)]) {
        state.withLock { state in
            for piece in pieces { state.policy.addColdest(piece.name, bytes: piece.bytes) }
        }
    }

    /// The next pieces to go, worth about `bytes` and at most `limit`.
    func victims(worth bytes: Int64, limit: Int) -> [(name: PieceName, bytes: Int64)] {
        state.withLock { state in
            var found: [(name: PieceName, bytes: Int64)] = []
            var sum: Int64 = 0
            while sum < bytes, found.count < limit, let next = state.policy.victim() {
                found.append(next)
                sum += next.bytes
            }
            return found
        }
    }

    /// Whether pieces were forgotten since the last question.
    func takeForgotten() -> Bool {
        state.withLock { state in
            defer { state.hasForgotten = false }
            return state.hasForgotten
        }
    }

    /// The tasks that were used since the last question.
    func takeUsed() -> Set<StoreKey> {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    var pieceCount: Int { state.withLock { $0.policy.count } }
}

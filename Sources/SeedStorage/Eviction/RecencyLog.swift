import DragonflyIdentity
import SeedSupport

/// When pieces were last used, which makes the order of eviction; and the tasks whose last use is not recorded yet.
/// Never blocks.
final class RecencyLog: Sendable {
    /// Tasks whose use waits to be recorded; further ones are noted with their next read.
    private static let waitingLimit = 65_536
    private static let bytesPerPiece = 72

    private struct State {
        var policy: EvictionPolicy
        var waiting: Set<StoreKey> = []
        /// Pieces were forgotten for lack of memory: the index has some that the policy does not know.
        var hasForgotten = false
    }

    private let state: Lock<State>

    /// - Parameter memory: in bytes; it limits how many pieces are known.
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

    /// A piece is recorded; without blocks it is gone.
    func hold(_ piece: PieceRecord, of file: FileName) {
        let name = PieceName(file: file, number: piece.number)
        hold(name, bytes: Int64(piece.present.count) * BlockGrid.blockLength)
    }

    /// Puts a victim back that cannot go now.
    func putBack(_ piece: PieceName, bytes: Int64) { hold(piece, bytes: max(bytes, 1)) }

    private func hold(_ piece: PieceName, bytes: Int64) {
        state.withLock { state in
            guard bytes > 0 else { return state.policy.remove(piece) }
            if state.policy.hold(piece, bytes: bytes) { state.hasForgotten = true }
        }
    }

    func addColdest(_ pieces: [(name: PieceName, bytes: Int64)]) {
        state.withLock { state in
            for piece in pieces { state.policy.addColdest(piece.name, bytes: piece.bytes) }
        }
    }

    /// The next pieces to go, worth about `bytes` and at most `limit`. They are taken out.
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

    /// Whether pieces were forgotten since the last call.
    func takeForgotten() -> Bool {
        state.withLock { state in
            defer { state.hasForgotten = false }
            return state.hasForgotten
        }
    }

    /// The tasks that were used since the last call.
    func takeUsed() -> Set<StoreKey> {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}

import HTTPTransfers
import SeedSupport

/// The bytes between a client's loop and the driver's, bounded in both directions. It decides which side must be woken;
/// the two ends do the waking.
final class PassThroughPipe: Sendable {
    /// The most that is under way in one direction, in bytes; a single piece may be longer.
    static let window = 256 << 10

    private struct State {
        var toOrigin = FIFO<Bytes>()
        var bytesToOrigin = 0
        var isBodyEnded = false
        /// The client was told to stop sending.
        var clientWaits = false
        /// The driver found nothing to send.
        var originWaits = false
        var bytesToClient = 0
        /// The driver was told that there is no room.
        var isHeld = false
    }

    private let state = Lock(State())

    // MARK: The client's end

    /// - Returns: whether more may be sent now, and whether the driver must be told.
    func send(_ bytes: Bytes) -> (hasRoom: Bool, mustWake: Bool) {
        state.withLock { state in
            state.toOrigin.append(bytes)
            state.bytesToOrigin += bytes.count
            state.clientWaits = state.bytesToOrigin >= Self.window
            defer { state.originWaits = false }
            return (!state.clientWaits, state.originWaits)
        }
    }

    /// - Returns: whether the driver must be told.
    func endBody() -> Bool {
        state.withLock { state in
            state.isBodyEnded = true
            defer { state.originWaits = false }
            return state.originWaits
        }
    }

    /// So many bytes of the response have left the pipe.
    /// - Returns: whether the driver must be told.
    func took(_ count: Int) -> Bool {
        state.withLock { state in
            state.bytesToClient = max(0, state.bytesToClient - count)
            guard state.isHeld, state.bytesToClient <= Self.window / 2 else { return false }
            state.isHeld = false
            return true
        }
    }

    // MARK: The driver's end

    /// Whether so many bytes of the response may be handed over now. If not, `took` will tell.
    func admits(_ count: Int) -> Bool {
        state.withLock { state in
            guard state.bytesToClient == 0 || state.bytesToClient + count <= Self.window else {
                state.isHeld = true
                return false
            }
            state.bytesToClient += count
            return true
        }
    }

    /// Fills the room with the next bytes of the request's body.
    /// - Returns: what there was, and whether the client must be told that more may be sent.
    func fill(_ room: UnsafeMutableRawBufferPointer) -> (TransferSupply, mustWake: Bool) {
        state.withLock { state in
            var filled = 0
            while filled < room.count, let first = state.toOrigin.first {
                let count = min(first.count, room.count - filled)
                let part = UnsafeMutableRawBufferPointer(rebasing: room[filled..<filled + count])
                first.slice(at: 0, count: count).withUnsafeBytes { part.copyMemory(from: $0) }
                filled += count
                if count == first.count {
                    _ = state.toOrigin.popFirst()
                } else {
                    state.toOrigin.replaceFirst(with: first.suffix(from: count))
                }
            }
            state.bytesToOrigin -= filled
            let mustWake = state.clientWaits && state.bytesToOrigin <= Self.window / 2
            if mustWake { state.clientWaits = false }
            if filled > 0 { return (.bytes(filled), mustWake) }
            if state.isBodyEnded { return (.end, mustWake) }
            state.originWaits = true
            return (.nothingYet, mustWake)
        }
    }
}

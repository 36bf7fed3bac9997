import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedSupport

/// Bytes on their way to one stream past the store, for when there is no room to keep them (rule:reserve-before-fetch):
/// bounded, in order.
final class DirectBuffer: Sendable {
    /// Bytes of one span, and most bytes that wait for the client. A client that reads at full speed waits one round
    /// trip for each.
    static let window: Int64 = 2 << 20

    private struct State {
        /// The next byte of the object to be taken in.
        var received: Int64
        var receiveQueue = ReceiveQueue(limit: Int(window))
        /// What was taken out of the hand-off and not yet by the client, the first last.
        var ready: [ByteBuilder] = []
        /// Lets the transfer go on that was paused.
        var resume: (@Sendable () -> Void)?
    }

    private let state: Lock<State>

    /// - Parameter offset: the first byte that the client still lacks.
    init(from offset: Int64) {
        state = Lock(State(received: offset))
    }

    /// Takes in bytes of the object; those that came before are left out.
    /// - Parameters:
    ///   - offset: where they belong, at most the end of what came before.
    ///   - resume: called when there is room again, if they are refused now.
    func offer(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, resume: @escaping @Sendable () -> Void
    ) -> OriginIntake {
        state.withLock { state in
            precondition(offset <= state.received, "a span begins where the one before ended")
            let known = Int(min(Int64(bytes.count), state.received - offset))
            let fresh = UnsafeRawBufferPointer(rebasing: bytes[known...])
            guard !fresh.isEmpty else { return .taken }
            guard
                case .taken = state.receiveQueue.offer(
                    fresh, spare: { ByteBuilder(capacity: ReceiveQueue.bufferLength) })
            else {
                state.resume = resume
                return .pause
            }
            state.received += Int64(fresh.count)
            return .taken
        }
    }

    /// The next bytes for the client; nil if none are here.
    func take() -> Bytes? {
        let (bytes, resume) = state.withLock { state -> (Bytes?, (@Sendable () -> Void)?) in
            var resume: (@Sendable () -> Void)?
            if state.ready.isEmpty {
                let batch = state.receiveQueue.take()
                state.ready = batch.buffers.reversed()
                if batch.mustResume { (resume, state.resume) = (state.resume, nil) }
            }
            guard var buffer = state.ready.popLast() else { return (nil, resume) }
            return (buffer.take(), resume)
        }
        resume?()
        return bytes
    }
}

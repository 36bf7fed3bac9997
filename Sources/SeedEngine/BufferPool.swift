import NIOCore
import Synchronization

/// Buffers for received bytes, used again: fresh memory of this size costs a page fault per 4 KiB.
final class BufferPool: Sendable {
    private let spare = Mutex<[ByteBuffer]>([])
    private let limit: Int

    /// - Parameter limit: Most buffers kept while nobody uses them.
    init(limit: Int) {
        self.limit = limit
    }

    func take() -> ByteBuffer {
        spare.withLock { $0.popLast() } ?? ByteBufferAllocator().buffer(capacity: HandOff.bufferLength)
    }

    /// Takes the buffers back and empties the list. A buffer that anything else still refers to would be copied, not
    /// used again, so they are moved out one by one.
    func give(_ buffers: inout [ByteBuffer]) {
        spare.withLock { spare in
            while var buffer = buffers.popLast() {
                guard spare.count < limit, buffer.capacity <= 4 * HandOff.bufferLength else { continue }
                buffer.clear()
                spare.append(buffer)
            }
        }
    }
}

import SeedSupport

/// Buffers for received bytes, used again: fresh memory of this size costs a page fault per 4 KiB.
final class BufferPool: Sendable {
    private let spare = Lock<[ByteBuilder]>([])
    private let limit: Int

    /// - Parameter limit: Most buffers kept while nobody uses them.
    init(limit: Int) {
        self.limit = limit
    }

    func take() -> ByteBuilder {
        spare.withLock { $0.popLast() } ?? ByteBuilder(capacity: HandOff.bufferLength)
    }

    /// Takes the buffers back and empties the list. The memory of one that anything else still refers to could not be
    /// written again, so they are moved out one by one.
    func give(_ buffers: inout [ByteBuilder]) {
        spare.withLock { spare in
            while var buffer = buffers.popLast() {
                buffer.removeAll()
                guard spare.count < limit, 1...4 * HandOff.bufferLength ~= buffer.capacity else { continue }
                spare.append(buffer)
            }
        }
    }
}

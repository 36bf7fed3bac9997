import SeedSupport

/// Received bytes on their way from the driver thread to a store thread: bounded, in order (rule:flight-flow-control).
///
/// A value; its owner provides the lock.
struct ReceiveQueue: Sendable {
    /// Buffers are filled up to this before the next is begun, so that small receives don't become small writes.
    static let bufferLength = 256 << 10

    let limit: Int
    private(set) var buffers: [ByteBuilder] = []
    private(set) var length = 0
    /// The transfer was told to pause and must be resumed once there is room.
    private(set) var isPaused = false
    /// A store thread is at work or about to be.
    private(set) var isDraining = false

    init(limit: Int) {
        self.limit = limit
    }

    enum Offer: Equatable {
        case pause
        /// Taken; `drain` says that a store thread must be called.
        case taken(drain: Bool)
    }

    /// An offer is refused while anything waits beyond the limit; one that fits in part is taken whole, so that the
    /// bytes held never exceed the limit and one receive.
    mutating func offer(_ bytes: UnsafeRawBufferPointer, spare: () -> ByteBuilder) -> Offer {
        guard length < limit else {
            isPaused = true
            return .pause
        }
        append(bytes, spare: spare)
        return .taken(drain: beginDraining())
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer, spare: () -> ByteBuilder) {
        length += bytes.count
        if let last = buffers.indices.last, buffers[last].spareCapacity >= bytes.count {
            buffers[last].append(bytes)
            return
        }
        var fresh = spare()
        fresh.append(bytes)
        buffers.append(fresh)
    }

    /// - Returns: true if no thread drains it yet.
    mutating func beginDraining() -> Bool {
        guard !isDraining else { return false }
        isDraining = true
        return true
    }

    /// What a store thread is to write now; with no buffers the draining is over until `beginDraining`.
    struct Batch {
        var buffers: [ByteBuilder]
        var mustResume: Bool
    }

    mutating func take() -> Batch {
        let batch = Batch(buffers: buffers, mustResume: isPaused && !buffers.isEmpty)
        isDraining = !buffers.isEmpty
        buffers = []
        length = 0
        isPaused = isPaused && !batch.mustResume
        return batch
    }
}

/// Reuses receive buffers: fresh memory of this size costs a page fault per 4 KiB.
final class BufferPool: Sendable {
    private let spare = Lock<[ByteBuilder]>([])
    private let limit: Int

    /// - Parameter limit: Most unused buffers kept.
    init(limit: Int) {
        self.limit = limit
    }

    func take() -> ByteBuilder {
        spare.withLock { $0.popLast() } ?? ByteBuilder(capacity: ReceiveQueue.bufferLength)
    }

    /// Takes the buffers back and empties the list. The memory of one that anything else still refers to could not be
    /// written again, so they are moved out one by one.
    func give(_ buffers: inout [ByteBuilder]) {
        spare.withLock { spare in
            while var buffer = buffers.popLast() {
                buffer.removeAll()
                guard spare.count < limit, 1...4 * ReceiveQueue.bufferLength ~= buffer.capacity else { continue }
                spare.append(buffer)
            }
        }
    }
}

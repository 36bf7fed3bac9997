import DragonflyIdentity
package import SeedSupport
import Synchronization

/// Memory for hot blocks (`storage.cacheCapacity`): which get in, and which go when it is full.
///
/// A block gets in when it is read again after a while. When room is needed, blocks go in the order they came; those
/// that were read since the last look get another turn (second chance). The blocks themselves belong to the block maps.
/// A read of one takes no lock of the tier.
package final class MemoryTier: Sendable {
    private struct State {
        var door: Doorkeeper
        var blocks: [UInt64: WeakBlock] = [:]
        /// In the order they came or got another turn; may name blocks that are gone.
        var queue = FIFO<UInt64>()
        var bytes = 0
        var nextSerial: UInt64 = 1
    }

    private struct WeakBlock: Sendable {
        weak var block: MemoryBlock?
        let count: Int
    }

    package let capacity: Int
    private let state: Lock<State>
    private let seed = UInt64.random(in: .min ... .max)

    /// - Parameter capacity: bytes, at least of one block.
    package init(capacity: Int) {
        self.capacity = capacity
        state = Lock(State(door: Doorkeeper(blocks: 4 * capacity / Int(BlockGrid.blockLength))))
    }

    /// Bytes that are in memory now.
    package var usedBytes: Int { state.withLock { $0.bytes } }

    /// Notes that a block was read from its file; true when it should be taken in. Never blocks.
    package func wants(_ file: FileName, _ index: BlockIndex, now: Timestamp) -> Bool {
        let hash = hash(file, index)
        return state.withLock { $0.door.admits(hash, now: UInt32(truncatingIfNeeded: now.milliseconds)) }
    }

    /// A store key is a hash already: a word of it, mixed with the rest, is as good as any other and costs a tenth.
    /// Seeded, so that clients cannot choose names that push a block out of its place.
    private func hash(_ file: FileName, _ index: BlockIndex) -> UInt64 {
        let word = file.key.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self) }
        let block = UInt64(truncatingIfNeeded: index.piece) << 8 | UInt64(truncatingIfNeeded: index.block)
        let mixed = block &* 0x9E37_79B9_7F4A_7C15 ^ file.generation ^ seed.byteSwapped
        let product = (word ^ seed).multipliedFullWidth(by: mixed | 1)
        return product.high ^ product.low
    }

    /// Takes in bytes that were just compared with their checksum. Nil when they are longer than all the room.
    package func admit(_ bytes: Bytes) -> MemoryBlock? {
        let count = bytes.count
        guard count <= capacity else { return nil }
        // Blocks are released outside the lock, because the last reference to one calls `forget`.
        let (block, seen) = state.withLock { state in
            let seen = Self.makeRoom(for: count, capacity, &state)
            let block = MemoryBlock(serial: state.nextSerial, bytes: bytes, tier: self)
            state.nextSerial += 1
            state.blocks[block.serial] = WeakBlock(block: block, count: count)
            state.queue.append(block.serial)
            state.bytes += count
            return (block, seen)
        }
        for old in seen.gone { old.empty() }
        return block
    }

    func forget(_ serial: UInt64) {
        state.withLock { state in
            guard let known = state.blocks.removeValue(forKey: serial) else { return }
            state.bytes -= known.count
            // Names of blocks that are gone would pile up while the tier is never full.
            if state.queue.count > 2 * state.blocks.count + 1_024 {
                state.queue = FIFO(state.queue.filter { state.blocks[$0] != nil })
            }
        }
    }

    /// - Returns: the blocks that go, and those that stay, for the caller to release outside the lock.
    private static func makeRoom(
        for count: Int, _ capacity: Int, _ state: inout State
    ) -> (gone: [MemoryBlock], kept: [MemoryBlock]) {
        var (gone, kept): ([MemoryBlock], [MemoryBlock]) = ([], [])
        while state.bytes + count > capacity, let serial = state.queue.popFirst() {
            guard let known = state.blocks[serial] else { continue }
            let block = known.block
            // It was read since the last look.
            if let block, block.takeRead() {
                state.queue.append(serial)
                kept.append(block)
                continue
            }
            if let block { gone.append(block) }
            state.blocks[serial] = nil
            state.bytes -= known.count
        }
        return (gone, kept)
    }
}

/// A verified block in memory, while the tier has room for it. Owned only by the block map's entry
/// (rule:memory-follows-block-map): when the entry goes, so does the block.
package final class MemoryBlock: Sendable {
    let serial: UInt64
    let count: Int
    private let tier: MemoryTier
    private let bytes: Lock<Bytes?>
    private let wasRead = Atomic(false)

    init(serial: UInt64, bytes: Bytes, tier: MemoryTier) {
        self.serial = serial
        self.tier = tier
        count = bytes.count
        self.bytes = Lock(bytes)
    }

    deinit { tier.forget(serial) }

    /// Bytes of the block, without copying; nil when the tier has taken its memory back. Never blocks.
    package func slice(at offset: Int, count: Int) -> Bytes? {
        wasRead.store(true, ordering: .relaxed)
        return bytes.withLock { $0?.slice(at: offset, count: count) }
    }

    /// Whether it was read since the last call.
    func takeRead() -> Bool { wasRead.exchange(false, ordering: .relaxed) }

    /// Takes the memory back. Slices that are queued on sockets stay until they are sent.
    func empty() { bytes.withLock { $0 = nil } }
}

/// Admits blocks that are read again after a while, like TinyLFU's doorkeeper. A walk over everything gets nothing in.
///
/// A table of fixed size in which each block has one place; a later block takes it over.
struct Doorkeeper: Sendable {
    /// Milliseconds within which several reads are one: a client takes a block range by range.
    static let correlation: UInt32 = 2_000

    private struct Place {
        var mark: UInt32 = 0
        var readAt: UInt32 = 0
    }

    private var places: [Place]

    /// - Parameter blocks: so many blocks are remembered, rounded up to a power of two.
    init(blocks: Int) {
        var count = 1_024
        while count < blocks { count *= 2 }
        places = [Place](repeating: Place(), count: count)
    }

    /// Notes a read. True when an earlier one lies far enough back.
    /// - Parameters:
    ///   - hash: of the block's name.
    ///   - now: in milliseconds, from any start; it may wrap around.
    mutating func admits(_ hash: UInt64, now: UInt32) -> Bool {
        let place = Int(truncatingIfNeeded: hash) & (places.count - 1)
        let mark = UInt32(truncatingIfNeeded: hash >> 32) | 1
        guard places[place].mark == mark else {
            places[place] = Place(mark: mark, readAt: now)
            return false
        }
        guard now &- places[place].readAt >= Self.correlation else { return false }
        // True once for reads that lie together: the block is on its way, or there was no time for it.
        places[place].readAt = now
        return true
    }
}

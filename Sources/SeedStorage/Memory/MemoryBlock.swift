package import SeedSupport
import Synchronization

/// A verified block in memory, as long as the tier has room for it. Owned by the block map's entry alone (rule 20): when
/// that goes, so does this.
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

    /// Whether it was read since the last question.
    func takeRead() -> Bool { wasRead.exchange(false, ordering: .relaxed) }

    /// What is queued on sockets stays until it is sent.
    func empty() { bytes.withLock { $0 = nil } }
}

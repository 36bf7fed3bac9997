import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport
import Synchronization

/// Hot blocks on their way into memory (rule:memory-follows-block-map).
extension LiveTask {
    /// Bytes of a range were read from the file: the blocks that are hot by now are taken into memory, on a store thread.
    /// - Parameter grid: of the file's generation.
    func takeIntoMemory(_ range: ByteRange, of file: ContentFile, _ grid: BlockGrid) {
        guard let tier = context.memory else { return }
        let name = FileName(key: key, generation: file.generation)
        let now = context.now().wall
        for index in grid.blocks(covering: range) where tier.wants(name, index, now: now) {
            // A read never waits for these. One that finds no place is left out: a hot block is read again.
            guard context.takes.begin() else { return }
            let isQueued = context.store.threads.run { [self] in
                take(index, of: file, tier)
                context.takes.end()
            }
            if !isQueued { context.takes.end() }
        }
    }

    /// Only bytes that are what they should be get in, and only if the block map still stands for them then.
    private func take(_ index: BlockIndex, of file: ContentFile, _ tier: MemoryTier) {
        let wanted = handle { state, _ -> (UInt32, ByteRange)? in
            guard state.machine.generation?.counter == file.generation, let blocks = state.machine.holdings.blocks,
                let checksum = blocks.checksumForMemory(index)
            else { return nil }
            return (checksum, blocks.grid.range(of: index))
        }
        guard let (checksum, range) = wanted, let bytes = file.bytes(of: range),
            bytes.withUnsafeBytes({ Checksum.crc32($0) }) == checksum, let memory = tier.admit(bytes)
        else { return }
        handle { state, _ in state.machine.keepInMemory(memory, of: index, counter: file.generation) }
    }
}

extension ContentFile {
    /// Nil when they cannot all be read.
    fileprivate func bytes(of range: ByteRange) -> Bytes? {
        let bytes = Bytes(unsafeUninitializedCapacity: Int(range.count)) { space in
            (try? read(into: space, at: range.lowerBound)) ?? 0
        }
        return bytes.count == Int(range.count) ? bytes : nil
    }
}

/// A counter with a limit, so that slow work can't build up an unbounded queue.
final class BoundedCount: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: false at the limit; otherwise `end` must follow.
    func begin() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue > limit else { return true }
        end()
        return false
    }

    func end() { count.wrappingSubtract(1, ordering: .relaxed) }
}

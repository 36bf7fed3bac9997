package import DragonflyIdentity
import Glibc
package import HTTPSemantics
import SeedSupport

/// The bytes of one generation of a task, at their offsets in a sparse file.
///
/// Published bytes are never written again (rule:published-immutable). The engine decides what is published.
/// Unless said otherwise a call blocks and belongs on a store thread.
package final class ContentFile: Sendable {
    let file: OpenFile
    private let epoch: Lock<Lease>

    package var key: StoreKey { file.name.key }
    package var generation: UInt64 { file.name.generation }

    init(file: OpenFile) {
        self.file = file
        let lease = file.latestEpoch.withLock { latest in
            if let lease = latest.lease { return lease }
            let lease = Lease(file: file)
            latest.lease = lease
            return lease
        }
        epoch = Lock(lease)
    }

    /// Writes all of `bytes` at `offset`, and tells the observer.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
        do throws(StorageError) {
            try writeAll(bytes, at: offset)
            file.observer.wrote(Int64(bytes.count))
        } catch {
            file.observer.refused(error)
            throw error
        }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let place = offset + Int64(done)
            done += try StorageError.mapping("write at \(place) of", file.path) { () throws(Errno) in
                let count = try System.write(file.descriptor, rest, at: place)
                guard count > 0 else { throw Errno(EIO) }
                return count
            }
        }
    }

    /// Reads into all of `buffer` from `offset`.
    /// - Returns: how many bytes; fewer only where the file ends.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StorageError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let place = offset + Int64(done)
            let count = try StorageError.mapping("read at \(place) of", file.path) { () throws(Errno) in
                try System.read(file.descriptor, rest, at: place)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// The CRC-32 of `range`. Reading it makes its pages resident. A range that runs past the end of the file is an
    /// error.
    package func checksum(of range: ByteRange) throws(StorageError) -> UInt32 {
        var sum: UInt32 = 0
        try readThrough(range) { sum = Checksum.crc32($0, seed: sum) }
        return sum
    }

    /// Makes the pages of `range` resident, as far as the file goes. A failure shows when they are read.
    package func warm(_ range: ByteRange) {
        try? readThrough(range) { _ in }
    }

    /// Gives the whole pages inside `range` back to the volume; bytes of pages only partly inside stay.
    /// - Parameter evicting: the bytes that the account expects to go. It no longer does, even after a failure.
    package func punch(_ range: ByteRange, evicting: Int64 = 0) throws(StorageError) {
        do throws(StorageError) {
            let freed = try PunchedFile(descriptor: file.descriptor, path: file.path).punch(range)
            file.observer.freed(freed, evicted: evicting)
        } catch {
            file.observer.freed(0, evicted: evicting)
            throw error
        }
    }

    /// Reads `range` in order through a buffer that stays in the processor's cache. A range that runs past the end of
    /// the file is an error.
    package func readThrough(
        _ range: ByteRange, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StorageError) {
        let failure: StorageError? = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 64) { buffer in
            do throws(StorageError) {
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let part = UnsafeMutableRawBufferPointer(
                        rebasing: buffer[..<Int(min(65_536, range.upperBound - offset))])
                    guard try read(into: part, at: offset) == part.count else {
                        throw StorageError(.file, "\(file.path) ends before \(range.upperBound)")
                    }
                    body(UnsafeRawBufferPointer(part))
                    offset += Int64(part.count)
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }
}

// MARK: Leases

extension ContentFile {
    /// The right to read everything published so far. Never blocks.
    package func lease() -> Lease { epoch.withLock { $0 } }

    /// Runs `then` once every lease taken before this call is gone. It does not wait for later ones. Calls are served
    /// in order.
    ///
    /// Used before punching. Never blocks. `then` runs on the thread that releases the last lease (perhaps an event
    /// loop, or this one at once), so it must not block: hand the punch to a store thread.
    package func retire(then: @escaping @Sendable () -> Void) {
        let next = Lease(file: file)
        // The old epoch is released outside the lock: if no lease is out, `then` runs here and may take a new one.
        _ = epoch.withLock { epoch in
            defer { epoch = next }
            // Linked before the new epoch can be seen, or a later retirement could overtake this one.
            epoch.end(next: next, onGone: then)
            file.latestEpoch.withLock { $0.lease = next }
            return epoch
        }
    }
}

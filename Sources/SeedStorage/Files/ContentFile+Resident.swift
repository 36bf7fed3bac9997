import CPosixIO
package import DragonflyIdentity
import Glibc
package import NIOCore

/// Reads that never wait for the disk, for event loops (rule 15).
extension ContentFile {
    /// Whether reading `range` would find its pages in memory: one byte is tried at each end and every 128 KiB between.
    ///
    /// A file system that cannot tell counts as resident: it is memory itself, or nothing can be done about it.
    package func isResident(_ range: ByteRange) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound - 1 {
            guard isResident(at: offset) else { return false }
            offset += 131_072
        }
        return range.isEmpty || isResident(at: range.upperBound - 1)
    }

    /// The bytes of `range` if all of them are in memory, else nil.
    package func readResident(_ range: ByteRange, allocator: ByteBufferAllocator) -> ByteBuffer? {
        let count = Int(range.count)
        var buffer = allocator.buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            let space = UnsafeMutableRawBufferPointer(rebasing: space[..<count])
            return readResident(into: space, at: range.lowerBound)
        }
        return buffer.readableBytes == count ? buffer : nil
    }

    private func isResident(at offset: Int64) -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = posix_io_read_resident(file.descriptor, &byte, 1, offset)
            guard count < 0, errno == EINTR else { return count == 1 || (count < 0 && errno == EOPNOTSUPP) }
        }
    }

    /// How many bytes from `offset` could be read without waiting.
    private func readResident(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            var count = posix_io_read_resident(file.descriptor, rest.baseAddress, rest.count, offset + Int64(done))
            // Refusing here what `isResident` accepts would send the caller round in circles.
            if count < 0, errno == EOPNOTSUPP {
                count = pread(file.descriptor, rest.baseAddress, rest.count, off_t(offset) + done)
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return done
    }
}

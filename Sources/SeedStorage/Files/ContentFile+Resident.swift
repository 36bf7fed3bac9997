package import HTTPSemantics
package import SeedSupport

/// Reads that never wait for the disk, for event loops (rule:no-disk-wait-on-loop).
extension ContentFile {
    /// Whether reading `range` would find its pages in memory: one byte is tried at each end and every 128 KiB between.
    ///
    /// Where the file system cannot tell, pages count as resident: it is memory itself, or nothing can be done.
    package func isResident(_ range: ByteRange) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound - 1 {
            guard isResident(at: offset) else { return false }
            offset += 131_072
        }
        return range.isEmpty || isResident(at: range.upperBound - 1)
    }

    /// The bytes of `range` if all of them are in memory, else nil.
    package func readResident(_ range: ByteRange) -> Bytes? {
        let count = Int(range.count)
        let bytes = Bytes(unsafeUninitializedCapacity: count) { readResident(into: $0, at: range.lowerBound) }
        return bytes.count == count ? bytes : nil
    }

    private func isResident(at offset: Int64) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
            do throws(Errno) {
                return try System.readResident(file.descriptor, byte, at: offset) == 1
            } catch {
                return error == .unsupported
            }
        }
    }

    /// How many bytes from `offset` could be read without waiting.
    private func readResident(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            guard let count = try? readSome(into: rest, at: offset + Int64(done)), count > 0 else { break }
            done += count
        }
        return done
    }

    private func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        do throws(Errno) {
            return try System.readResident(file.descriptor, buffer, at: offset)
        } catch .unsupported {
            // Refusing here what `isResident` accepts would make the caller try forever.
            return try System.read(file.descriptor, buffer, at: offset)
        }
    }
}

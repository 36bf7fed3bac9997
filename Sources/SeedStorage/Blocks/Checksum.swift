import CChecksum

/// CRC-32 as in zlib and Ethernet (IEEE 802.3, reflected): what Dragonfly puts in a piece's digest.
package enum Checksum {
    /// The CRC of `bytes`, going on from `seed`, the CRC of what came before.
    package static func crc32(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        crc32_gzip_refl(seed, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count))
    }

    /// The CRC of two neighbouring runs of bytes from the CRC of each and the length of the second.
    package static func combine(_ a: UInt32, _ b: UInt32, lengthOfB: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_combine(UInt(a), UInt(b), Int(lengthOfB)))
    }
}

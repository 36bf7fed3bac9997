import DragonflyIdentity
import HTTPSemantics
import SeedStorage

extension BlockGrid {
    /// Written bytes cut at block edges, each part with its CRC-32.
    func fragments(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> [BlockMap.Fragment] {
        var result: [BlockMap.Fragment] = []
        var at = offset
        let end = offset + Int64(bytes.count)
        while at < end {
            let next = min(end, range(of: block(at: at)).upperBound)
            let slice = UnsafeRawBufferPointer(rebasing: bytes[Int(at - offset)..<Int(next - offset)])
            result.append(.init(range: ByteRange(at, next), checksum: Checksum.crc32(slice)))
            at = next
        }
        return result
    }
}

import SeedSupport

/// A piece record as it is on disk. It has the piece's length, so its bytes can be counted without the task's record,
/// which may have moved on to another generation.
///
/// Layout, version 1: length i64, source u8, cost u32 (ms), digest (presence u8 + u32), created, updated i64 (ms since
/// 1970), present blocks 4 × u64, one CRC u32 for each block. The piece number is in the key.
struct StoredPiece {
    private static let version: UInt8 = 1

    let record: PieceRecord
    /// Bytes of this piece: 1 byte to 64 MiB.
    let length: Int64

    /// The bytes of the present blocks: what the space counter counts.
    var heldBytes: Int64 { BlockGrid.byteCount(of: record.present, pieceOfLength: length) }

    func encoded(for key: [UInt8]) -> [UInt8] {
        var writer = RecordWriter(version: Self.version, capacity: 80 + 4 * record.checksums.count)
        writer.put(length)
        writer.put(record.source.rawValue)
        writer.put(UInt32(clamping: record.cost.milliseconds))
        writer.put(record.digest)
        writer.put(record.createdAt)
        writer.put(record.updatedAt)
        writer.put(record.present)
        for checksum in record.checksums { writer.put(checksum) }
        return writer.seal(key: key)
    }

    static func decode(_ value: [UInt8]?, key: [UInt8]) -> StoredRecord<StoredPiece> {
        RecordReader.read(value, key: key, version: version) { reader in
            UInt32(bigEndianBytes: key.suffix(4)).flatMap { StoredPiece(&reader, number: Int($0)) }
        }
    }
}

extension StoredPiece {
    fileprivate init?(_ reader: inout RecordReader, number: Int) {
        guard let length: Int64 = reader.integer(), (1...BlockGrid.longestPiece).contains(length),
            let source = reader.integer(UInt8.self).flatMap(PieceSource.init),
            let cost: UInt32 = reader.integer(), let digest = reader.optionalInteger(),
            let createdAt = reader.time(), let updatedAt = reader.time(),
            let present = reader.blockSet()
        else { return nil }
        let blocks = BlockGrid.blockCount(ofLength: length)
        let checksums = (0..<blocks).compactMap { _ in reader.integer(UInt32.self) }
        guard checksums.count == blocks, BlockSet(0..<blocks).isSuperset(of: present) else { return nil }
        self.length = length
        record = PieceRecord(
            number: number, present: present, checksums: checksums, digest: digest, source: source,
            cost: .milliseconds(cost), createdAt: createdAt, updatedAt: updatedAt)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedSupport
import SeedTestSupport

@testable import SeedStorage

/// Fills stores as the engine does: reserve, write, record.
extension PieceStore {
    static let pieceLength: Int64 = 4 << 20

    /// A whole object of `pieces` pieces of 4 MiB, as far as there is room for it.
    /// - Returns: its record and how many pieces found room.
    @discardableResult
    func fill(_ number: Int, pieces: Int, flags: TaskFlags = []) throws -> (record: TaskRecord, stored: Int) {
        let file = try createContent(key(number))
        var record = pieceTask(
            key(number), generation: file.generation, length: Int64(pieces) * Self.pieceLength,
            pieceLength: Self.pieceLength)
        record.flags = flags
        record.fetchedAt = now()
        record.createdAt = now()
        put(record)
        var stored = 0
        for piece in 0..<pieces where try fill(piece, of: record, file) { stored += 1 }
        return (record, stored)
    }

    /// One piece, all its blocks.
    func fill(
        _ number: Int, of record: TaskRecord, _ file: ContentFile, urgency: Urgency = .soon
    ) throws -> Bool {
        let range = record.layout.range(of: number)
        guard reserve(range.count) else { return false }
        defer { release(range.count) }
        let bytes = contents(of: record.key, range)
        try file.write(bytes, at: range.lowerBound)
        put(bytes.piece(number, record), of: record.key, generation: record.generation, urgency: urgency)
        return true
    }

    /// Waits until nothing is to go any more and what goes is gone; false when that does not come.
    func settles() -> Bool {
        eventually {
            let thread = maintenance.thread
            guard thread.isIdle else { return false }
            threads.barrier(2)
            if space.account.excess == 0, space.account.evicting == 0, thread.isIdle { return true }
            thread.call()
            return false
        }
    }

    /// What all content files take on the volume.
    var bytesOnVolume: Int64 { (0..<256).reduce(0) { $0 + content.allocated(inShard: $1) } }

    /// The pieces of a task that are recorded.
    func held(_ record: TaskRecord) throws -> [Int] {
        try pieces(record.key, generation: record.generation, numbers: 0..<record.layout.pieceCount).map(\.number)
    }
}

/// `task` by a name that a store has no method of.
private func pieceTask(_ key: StoreKey, generation: UInt64, length: Int64, pieceLength: Int64) -> TaskRecord {
    task(key, generation: generation, length: length, pieceLength: pieceLength)
}

/// Bytes of an object that differ from page to page and from object to object: a page of noise, stamped.
func contents(of key: StoreKey, _ range: ByteRange) -> [UInt8] {
    let seed = key.withUnsafeBytes { UInt64($0[30]) << 8 | UInt64($0[31]) }
    return [UInt8](unsafeUninitializedCapacity: Int(range.count)) { buffer, count in
        count = Int(range.count)
        let bytes = UnsafeMutableRawBufferPointer(buffer)
        for start in stride(from: 0, to: count, by: noise.count) {
            let length = min(noise.count, count - start)
            noise.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + length])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<length]))
            }
            guard length >= 16 else { continue }
            bytes.storeBytes(of: UInt64(range.lowerBound) + UInt64(start), toByteOffset: start, as: UInt64.self)
            bytes.storeBytes(of: seed, toByteOffset: start + 8, as: UInt64.self)
        }
    }
}

private let noise = pattern(4_096)

extension [UInt8] {
    /// The record of the piece that these are the bytes of.
    func piece(_ number: Int, _ record: TaskRecord) -> PieceRecord {
        let grid = record.grid
        let start = record.layout.range(of: number).lowerBound
        let sums = (0..<grid.blocks(inPiece: number)).map { block in
            let range = grid.range(of: BlockIndex(piece: number, block: block))
            return self[Int(range.lowerBound - start)..<Int(range.upperBound - start)].withUnsafeBytes {
                Checksum.crc32($0)
            }
        }
        return PieceRecord(
            number: number, present: grid.allBlocks(inPiece: number), checksums: sums, createdAt: at(1),
            updatedAt: at(1))
    }
}

/// What a file takes on the volume.
func allocated(_ file: ContentFile) -> Int64 { PunchedFile.allocated(file.file.descriptor) }

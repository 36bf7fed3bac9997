import DragonflyIdentity
import HTTPSemantics
package import SeedSupport

/// What the index holds of a piece: which of its blocks are there, and how to check them.
package struct PieceRecord: Sendable, Equatable {
    /// The piece's number in its task, from 0.
    package var number: Int
    package var present: BlockSet
    /// The CRC-32 of each block of the piece, 0 where it is absent.
    package var checksums: [UInt32]
    /// The CRC-32 of the whole piece, when it is complete.
    package var digest: UInt32?
    package var source: PieceSource
    /// How long the piece took to fetch; whole milliseconds are kept, up to 49 days.
    package var cost: Duration
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        number: Int, present: BlockSet, checksums: [UInt32], digest: UInt32? = nil, source: PieceSource = .origin,
        cost: Duration = .zero, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.number = number
        self.present = present
        self.checksums = checksums
        self.digest = digest
        self.source = source
        self.cost = cost
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// Every block is present.
    package var isComplete: Bool { present.count == checksums.count }

    /// Removes a block, so the piece is not complete any more.
    mutating func drop(_ block: Int) {
        present.remove(block)
        checksums[block] = 0
        digest = nil
    }

    /// A record without blocks: it makes the index forget the piece.
    static func nothing(of number: Int) -> PieceRecord {
        PieceRecord(number: number, present: BlockSet(), checksums: [], createdAt: .epoch, updatedAt: .epoch)
    }

    /// Whether the blocks are those of this piece of `layout`.
    func fits(_ layout: PieceLayout) -> Bool {
        guard (0..<layout.pieceCount).contains(number) else { return false }
        let blocks = BlockGrid.blockCount(ofLength: layout.range(of: number).count)
        return checksums.count == blocks && BlockSet(0..<blocks).isSuperset(of: present)
    }
}

/// Where a piece's bytes came from. The numbers are on disk.
package enum PieceSource: UInt8, Sendable, Hashable {
    case origin = 0
    case peer = 1
}

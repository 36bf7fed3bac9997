public import DragonflyIdentity
public import HTTPSemantics

/// Where a block is: its piece, and its number inside that piece.
@usableFromInline
package struct BlockIndex: Hashable, Sendable, Comparable {
    @usableFromInline package var piece: Int
    @usableFromInline package var block: Int

    @inlinable
    package init(piece: Int, block: Int) {
        self.piece = piece
        self.block = block
    }

    @inlinable
    package static func < (a: BlockIndex, b: BlockIndex) -> Bool { (a.piece, a.block) < (b.piece, b.block) }
}

/// The blocks of an object: a grid of 256 KiB that restarts at each piece, so the last block of a piece may be short.
@usableFromInline
package struct BlockGrid: Hashable, Sendable {
    /// Bytes of a block that is not the last of its piece.
    @inlinable package static var blockLength: Int64 { 262_144 }

    /// Bytes of the longest piece a `BlockSet` can describe: 64 MiB.
    package static let longestPiece = blockLength * Int64(BlockSet.capacity)

    @usableFromInline package let layout: PieceLayout

    /// - Precondition: `layout.pieceLength` is 1 byte to 64 MiB. Lengths from outside are checked where they enter.
    package init(_ layout: PieceLayout) {
        precondition((1...Self.longestPiece).contains(layout.pieceLength), "piece length outside 1 byte to 64 MiB")
        self.layout = layout
    }

    /// Blocks in a piece that is not the last one.
    package var blocksPerPiece: Int { Self.blockCount(ofLength: layout.pieceLength) }

    /// Blocks in piece `piece`; the last piece may have fewer.
    package func blocks(inPiece piece: Int) -> Int { Self.blockCount(ofLength: layout.range(of: piece).count) }

    /// The block that holds byte `offset`, which lies inside the object.
    @inlinable
    package func block(at offset: Int64) -> BlockIndex {
        let piece = layout.piece(at: offset)
        let inside = offset - Int64(piece) * layout.pieceLength
        return BlockIndex(piece: piece, block: Int(inside / Self.blockLength))
    }

    /// The bytes of a block, as offsets in the object.
    @inlinable
    package func range(of index: BlockIndex) -> ByteRange {
        range(ofBlocks: index.block..<index.block + 1, inPiece: index.piece)
    }

    /// The bytes of neighbouring blocks of one piece.
    @inlinable
    package func range(ofBlocks blocks: Range<Int>, inPiece piece: Int) -> ByteRange {
        let whole = layout.range(of: piece)
        let lower = whole.lowerBound + Int64(blocks.lowerBound) * Self.blockLength
        let upper = whole.lowerBound + Int64(blocks.upperBound) * Self.blockLength
        return ByteRange(min(lower, whole.upperBound), min(upper, whole.upperBound))
    }

    /// Blocks that `length` bytes of one piece make.
    package static func blockCount(ofLength length: Int64) -> Int { Int((length + blockLength - 1) / blockLength) }
}

// MARK: Sets and walks

extension BlockGrid {
    /// Every block of a piece.
    package func allBlocks(inPiece piece: Int) -> BlockSet { BlockSet(0..<blocks(inPiece: piece)) }

    /// The blocks of `piece` that hold at least one byte of `range`.
    package func blocks(covering range: ByteRange, inPiece piece: Int) -> BlockSet {
        let whole = layout.range(of: piece)
        let lower = max(range.lowerBound, whole.lowerBound)
        let upper = min(range.upperBound, whole.upperBound)
        guard lower < upper else { return BlockSet() }
        let first = Int((lower - whole.lowerBound) / Self.blockLength)
        return BlockSet(first..<Self.blockCount(ofLength: upper - whole.lowerBound))
    }

    /// The bytes that `set` holds of `piece`.
    package func byteCount(of set: BlockSet, inPiece piece: Int) -> Int64 {
        Self.byteCount(of: set, pieceOfLength: layout.range(of: piece).count)
    }

    static func byteCount(of set: BlockSet, pieceOfLength length: Int64) -> Int64 {
        let last = blockCount(ofLength: length) - 1
        guard last >= 0 else { return 0 }
        let full = Int64(set.intersection(BlockSet(0..<last)).count) * blockLength
        return full + (set.contains(last) ? length - Int64(last) * blockLength : 0)
    }

    /// The blocks that hold the bytes of `range`, in rising order. The range lies inside the object.
    package func blocks(covering range: ByteRange) -> BlockWalk {
        BlockWalk(grid: self, upcoming: range.isEmpty ? nil : block(at: range.lowerBound), end: range.upperBound)
    }

    /// Blocks in rising order, computed as they are asked for.
    package struct BlockWalk: Sequence, IteratorProtocol, Sendable {
        fileprivate let grid: BlockGrid
        fileprivate var upcoming: BlockIndex?
        fileprivate let end: Int64

        package mutating func next() -> BlockIndex? {
            guard let current = upcoming else { return nil }
            let upper = grid.range(of: current).upperBound
            upcoming = upper < end ? grid.block(at: upper) : nil
            return current
        }
    }
}

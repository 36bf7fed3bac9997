public import HTTPSemantics

/// How an object is cut into Dragonfly's pieces. Pieces are numbered from 0; only the last may be short.
public struct PieceLayout: Hashable, Sendable {
    /// In bytes.
    public let contentLength: Int64
    /// In bytes.
    public let pieceLength: Int64

    /// - Parameter pieceLength: As the client fixed it; nil lets Dragonfly's formula choose.
    /// - Precondition: `contentLength >= 0`, `pieceLength > 0`.
    public init(contentLength: Int64, pieceLength: Int64? = nil) {
        let pieceLength = pieceLength ?? PieceLayout.pieceLength(forContentLength: contentLength)
        precondition(contentLength >= 0 && pieceLength > 0, "lengths are not negative, pieces are not empty")
        self.contentLength = contentLength
        self.pieceLength = pieceLength
    }

    /// What Dragonfly's programs accept from a client: 4 MiB to 64 MiB. The formula stays within it.
    public static let allowedPieceLengths: ClosedRange<Int64> = 4 << 20...64 << 20

    /// Dragonfly's formula: aim at 500 pieces, go up to a power of two, stay in ``allowedPieceLengths``.
    ///
    /// Dragonfly divides in floating point and truncates. Integers give the same result below 32 GB; above that the
    /// upper limit hides the difference.
    public static func pieceLength(forContentLength contentLength: Int64) -> Int64 {
        let wanted = min(contentLength / 500, allowedPieceLengths.upperBound)
        var length = allowedPieceLengths.lowerBound
        while length < wanted { length *= 2 }
        return length
    }

    @inlinable
    public var pieceCount: Int {
        Int(contentLength / pieceLength) + (contentLength % pieceLength == 0 ? 0 : 1)
    }

    /// The bytes of a piece.
    /// - Precondition: `0 <= piece < pieceCount`.
    @inlinable
    public func range(of piece: Int) -> ByteRange {
        precondition(0 <= piece && piece < pieceCount, "there is no such piece")
        let start = Int64(piece) * pieceLength
        return ByteRange(start, start + min(pieceLength, contentLength - start))
    }

    /// The piece that holds the byte at `offset`.
    /// - Precondition: `0 <= offset < contentLength`.
    @inlinable
    public func piece(at offset: Int64) -> Int {
        precondition(0 <= offset && offset < contentLength, "the offset is outside the object")
        return Int(offset / pieceLength)
    }

    /// The pieces that hold the bytes of `range`; none for an empty range.
    /// - Precondition: the range ends within the object.
    public func pieces(covering range: ByteRange) -> Range<Int> {
        precondition(range.upperBound <= contentLength, "the range ends outside the object")
        let first = Int(range.lowerBound / pieceLength)
        return range.isEmpty ? first..<first : first..<piece(at: range.upperBound - 1) + 1
    }
}

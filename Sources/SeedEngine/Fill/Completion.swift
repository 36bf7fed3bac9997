import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage

/// What is worth fetching while no client waits for anything: what was read in part, or the whole object.
struct Completion: Sendable {
    /// Pieces that clients were given bytes of and that are not complete.
    private var touched: Set<Int> = []
    /// A client asked for the whole object, in the background.
    private(set) var wantsAll = false

    var isWanted: Bool { wantsAll || !touched.isEmpty }

    mutating func wantAll() { wantsAll = true }

    mutating func touch(_ piece: Int) { touched.insert(piece) }

    /// The piece is complete, or given up.
    mutating func forget(_ piece: Int) { touched.remove(piece) }

    /// Another generation begins; the whole of that is wanted still.
    mutating func forgetPieces() { touched.removeAll() }

    /// A flight in the background failed: nobody waits for it, so nothing is tried again.
    mutating func stop() {
        touched.removeAll()
        wantsAll = false
    }

    /// The next bytes to fetch: first the heads of half-filled blocks and the pieces of which a quarter was demanded, then,
    /// if the whole object is wanted, everything.
    ///
    /// - Parameters:
    ///   - claimed: what flights bring.
    ///   - longest: the most bytes of one flight; nil where the origin ignores ranges.
    mutating func next(
        in blocks: BlockMap, claimed: [ByteRange], longest: Int64?
    ) -> (span: ByteRange, priority: OriginPriority)? {
        for piece in longest == nil ? [] : touched.sorted() {
            if let span = Self.span(ofPiece: piece, in: blocks, claimed, longest) { return (span, .completion) }
            touched.remove(piece)
        }
        guard wantsAll, let span = Self.firstMissing(ByteRange(0, blocks.length), in: blocks, claimed, longest)
        else { return nil }
        return (span, .prefetch)
    }

    private static func span(
        ofPiece piece: Int, in map: BlockMap, _ claimed: [ByteRange], _ longest: Int64?
    ) -> ByteRange? {
        guard let blocks = map.pieces[piece], !blocks.isComplete else { return nil }
        for block in 0..<blocks.count where !blocks.held.contains(block) {
            guard blocks.isWorthCompleting || blocks.demanded.contains(block) else { continue }
            let range = map.grid.range(of: BlockIndex(piece: piece, block: block))
            let limit = blocks.isWorthCompleting ? map.grid.layout.range(of: piece).upperBound : range.upperBound
            if let span = firstMissing(ByteRange(range.lowerBound, limit), in: map, claimed, longest) { return span }
        }
        return nil
    }

    /// The first bytes of a range that are neither here nor on their way.
    private static func firstMissing(
        _ range: ByteRange, in blocks: BlockMap, _ claimed: [ByteRange], _ longest: Int64?
    ) -> ByteRange? {
        var at = range.lowerBound
        while at < range.upperBound {
            if let claim = claimed.first(where: { $0.contains(at) }) {
                at = claim.upperBound
                continue
            }
            if let end = blocks.completeEnd(at: at) {
                at = end
                continue
            }
            switch blocks.stretch(at: at, upTo: min(range.upperBound, at + (longest ?? Int64.max / 2))) {
            case .verified(let next), .checking(let next), .unchecked(_, let next): at = next
            case .missing(let next):
                let claim = claimed.map(\.lowerBound).filter { $0 > at }.min() ?? Int64.max
                return ByteRange(at, min(next, claim))
            }
        }
        return nil
    }
}

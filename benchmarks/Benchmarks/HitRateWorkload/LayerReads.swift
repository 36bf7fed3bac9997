package import EvictionSimulation

/// What a program reads of one layer: the same on every node.
package struct LayerReads: Sendable {
    /// What the mount asks for: the index, the table of contents.
    package let opening: [Range<Int64>]
    /// What the program asks for, in order.
    package let body: [Range<Int64>]

    package init(of layer: Layer, _ random: inout Random) {
        let shape = ReadShape.of(layer.format)
        opening = Self.opening(of: layer, &random)
        var chunks = Self.chunks(shape, before: opening.last?.lowerBound ?? layer.length, &random)
        Self.drop(1 - shape.touched, of: &chunks, &random)
        body = Self.repeating(shape, Self.ordered(chunks, shape, &random), &random)
    }

    /// nydusd reads an index of 10 to 21 KB at the end; stargz two bytes, then from the last multiple of its unit on.
    private static func opening(of layer: Layer, _ random: inout Random) -> [Range<Int64>] {
        switch layer.format {
        case .nydus:
            return [max(0, layer.length - 10_000 - Int64(random.below(11_000)))..<layer.length]
        case .stargz:
            let unit = ReadShape.of(.stargz).unit
            return [0..<min(2, layer.length), (layer.length - 1) / unit * unit..<layer.length]
        }
    }

    /// The layer in neighbouring ranges of recorded lengths.
    private static func chunks(_ shape: ReadShape, before end: Int64, _ random: inout Random) -> [Range<Int64>] {
        var chunks: [Range<Int64>] = []
        var start: Int64 = 0
        while start < end {
            let next = min(end, start + shape.length(&random))
            chunks.append(start..<next)
            start = next
        }
        return chunks
    }

    /// Takes away what the program never reads.
    private static func drop(_ share: Double, of chunks: inout [Range<Int64>], _ random: inout Random) {
        let total = chunks.reduce(0) { $0 + $1.count }
        var dropped = 0
        for _ in chunks.indices.dropFirst() {
            let victim = random.below(chunks.count)
            guard dropped + chunks[victim].count <= Int(share * Double(total)) else { continue }
            dropped += chunks.remove(at: victim).count
        }
    }

    private static func ordered(
        _ chunks: [Range<Int64>], _ shape: ReadShape, _ random: inout Random
    ) -> [Range<Int64>] {
        var left = chunks
        var result: [Range<Int64>] = []
        while !left.isEmpty {
            let place = result.last.map { next(in: left, after: $0, shape, &random) } ?? random.below(left.count)
            result.append(left.remove(at: place))
        }
        return result
    }

    /// - Parameter left: by offset.
    private static func next(
        in left: [Range<Int64>], after last: Range<Int64>, _ shape: ReadShape, _ random: inout Random
    ) -> Int {
        let following = left.firstIndex { $0.lowerBound >= last.upperBound } ?? left.count
        // The neighbour is often gone already, so it is tried twice as often as it was recorded.
        let continues = random.fraction() < shape.continues * 2
        if continues, following < left.count, left[following].lowerBound == last.upperBound { return following }
        let goesBack = random.fraction() < shape.goesBack / (1 - shape.continues)
        if following == left.count || (goesBack && following > 0) { return random.below(following) }
        return following + random.below(left.count - following)
    }

    /// Asks for some bytes again, some time later.
    private static func repeating(
        _ shape: ReadShape, _ ranges: [Range<Int64>], _ random: inout Random
    ) -> [Range<Int64>] {
        var result = ranges
        var budget = shape.repeated * Double(ranges.reduce(0) { $0 + $1.count })
        for _ in ranges {
            let source = random.below(result.count)
            let range = result[source]
            guard Double(range.count) <= budget else { continue }
            budget -= Double(range.count)
            result.insert(range, at: source + 1 + random.below(result.count - source))
        }
        return result
    }
}

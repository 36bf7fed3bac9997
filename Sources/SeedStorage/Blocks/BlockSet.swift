import HTTPSemantics

/// A set of block numbers of one piece: 256 bits, enough for a 64 MiB piece of 256 KiB blocks, and no heap.
///
/// Numbers outside `0..<BlockSet.capacity` are a programming error.
package struct BlockSet: Hashable, Sendable {
    /// The capacity of a set.
    package static let capacity = 256

    /// The bits, lowest block first: block `n` is bit `n % 64` of word `n / 64`.
    package private(set) var words: SIMD4<UInt64>

    package init() { words = .zero }

    package init(words: SIMD4<UInt64>) { self.words = words }

    /// The blocks of `range`.
    package init(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= Self.capacity, "block numbers are 0..<256")
        words = Self.bits(below: range.upperBound) & ~Self.bits(below: range.lowerBound)
    }

    package var isEmpty: Bool { words == .zero }

    package var count: Int { (0..<4).reduce(0) { $0 + words[$1].nonzeroBitCount } }

    package func contains(_ block: Int) -> Bool { words[block >> 6] & Self.bit(block) != 0 }

    package mutating func insert(_ block: Int) { words[block >> 6] |= Self.bit(block) }

    package mutating func remove(_ block: Int) { words[block >> 6] &= ~Self.bit(block) }

    private static func bit(_ block: Int) -> UInt64 { 1 << UInt64(block & 63) }

    private static func bits(below limit: Int) -> SIMD4<UInt64> {
        var bits = SIMD4<UInt64>.zero
        for word in 0..<4 {
            let here = Swift.min(Swift.max(limit - word * 64, 0), 64)
            bits[word] = here == 64 ? .max : (1 << UInt64(here)) - 1
        }
        return bits
    }
}

// MARK: Algebra

extension BlockSet {
    package func union(_ other: BlockSet) -> BlockSet { BlockSet(words: words | other.words) }
    package func intersection(_ other: BlockSet) -> BlockSet { BlockSet(words: words & other.words) }
    package func subtracting(_ other: BlockSet) -> BlockSet { BlockSet(words: words & ~other.words) }
    package func isSuperset(of other: BlockSet) -> Bool { other.words & ~words == .zero }
    package func isDisjoint(with other: BlockSet) -> Bool { words & other.words == .zero }

    package mutating func formUnion(_ other: BlockSet) { words |= other.words }
}

// MARK: Walking

extension BlockSet: Sequence {
    /// The lowest block at or after `start` that is in the set.
    package func firstIndex(from start: Int = 0) -> Int? { Self.firstBit(of: words, from: start) }

    /// The lowest block at or after `start` that is not in the set, or nil when all up to `capacity` are.
    package func firstMissing(from start: Int = 0) -> Int? { Self.firstBit(of: ~words, from: start) }

    /// The blocks in rising order.
    package func makeIterator() -> Iterator { Iterator(rest: words) }

    /// The maximal runs of neighbouring blocks, in rising order: what one span or one read can cover.
    package var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        var next = firstIndex()
        while let start = next {
            let end = firstMissing(from: start) ?? Self.capacity
            runs.append(start..<end)
            next = firstIndex(from: end)
        }
        return runs
    }

    private static func firstBit(of words: SIMD4<UInt64>, from start: Int) -> Int? {
        guard start < capacity else { return nil }
        let rest = words & ~bits(below: start)
        for word in 0..<4 where rest[word] != 0 {
            return word * 64 + rest[word].trailingZeroBitCount
        }
        return nil
    }

    /// Walks the blocks of a set, lowest first.
    package struct Iterator: IteratorProtocol {
        fileprivate var rest: SIMD4<UInt64>

        package mutating func next() -> Int? {
            for word in 0..<4 where rest[word] != 0 {
                let bit = rest[word].trailingZeroBitCount
                rest[word] &= rest[word] - 1
                return word * 64 + bit
            }
            return nil
        }
    }
}

extension BlockSet: CustomStringConvertible {
    package var description: String {
        "{"
            + runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }
            .joined(separator: ",") + "}"
    }
}

extension Sequence {
    /// Bytes that these ranges cover, those of several ranges once.
    package func distinctBytes<Object: Hashable>() -> Int64 where Element == (Object, Range<Int64>) {
        var covered: [Object: RangeSet<Int64>] = [:]
        for (object, range) in self { covered[object, default: RangeSet()].insert(contentsOf: range) }
        return covered.values.reduce(0) { sum, ranges in
            ranges.ranges.reduce(sum) { $0 + Int64($1.count) }
        }
    }
}

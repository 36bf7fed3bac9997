/// The known name that was probably meant by an unknown one.
package enum Spelling {
    /// The nearest of `names`, capitals aside; of several the first. Nil when none is near.
    /// - Parameter limit: the most letters that may be wrong.
    package static func nearest(to written: String, in names: some Sequence<String>, limit: Int) -> String? {
        let letters = Array(written.lowercased().utf8)
        return names.lazy
            .map { (name: $0, distance: distance(letters, Array($0.lowercased().utf8), limit: limit)) }
            .filter { $0.distance <= limit }
            .min { $0.distance < $1.distance }?.name
    }

    /// Damerau's distance: the fewest letters to insert, delete, replace, or swap with their neighbour. Without the swap,
    /// which is Levenshtein's, `gte` would be no nearer to `get` than to `gc`.
    /// - Returns: more than `limit`, without counting on, when the lengths alone differ by more.
    static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int = .max) -> Int {
        guard abs(left.count - right.count) <= limit else { return limit + 1 }
        var (before, row) = ([Int](), Array(0...right.count))
        for i in left.indices {
            var next = [i + 1]
            for j in right.indices {
                var least = min(row[j] + (left[i] == right[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    least = min(least, before[j - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}

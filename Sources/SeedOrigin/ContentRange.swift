package import DragonflyIdentity

/// A `Content-Range` field in bytes (RFC 9110 §14.4).
package enum ContentRange: Hashable, Sendable {
    /// `bytes 0-99/1000`, or `bytes 0-99/*` with no total.
    case part(ByteRange, total: Int64?)
    /// `bytes */1000`: what a 416 says.
    case unsatisfied(total: Int64)

    /// Nil if malformed, in another unit, empty, or if the part lies beyond the total.
    package init?(parsing field: String) {
        guard let space = field.firstIndex(of: " "), field[..<space].lowercased() == "bytes" else { return nil }
        let halves = field[field.index(after: space)...].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        self.init(span: halves[0], total: halves[1])
    }

    private init?(span: Substring, total text: Substring) {
        let total = Int64(digits: text)
        guard total != nil || text == "*" else { return nil }
        if span == "*" {
            guard let total else { return nil }
            self = .unsatisfied(total: total)
            return
        }
        let ends = span.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int64(digits: ends[0]), let last = Int64(digits: ends[1]) else { return nil }
        guard first <= last, last < total ?? Int64.max else { return nil }
        self = .part(ByteRange(first, last + 1), total: total)
    }
}

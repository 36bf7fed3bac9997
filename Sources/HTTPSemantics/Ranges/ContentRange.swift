/// A `Content-Range` field in bytes (RFC 9110 §14.4).
package enum ContentRange: Hashable, Sendable {
    /// `bytes 0-99/1000`, or `bytes 0-99/*` with no total.
    case part(ByteRange, total: Int64?)
    /// `bytes */1000`: what a 416 says.
    case unsatisfied(total: Int64)

    /// The unit is read in any case. Nil if malformed, in another unit, empty, or if the part lies beyond the total.
    package init?(parsing field: some Collection<UInt8>) {
        guard let space = field.firstIndex(of: .space), field[..<space].equalsIgnoringCase("bytes".utf8) else {
            return nil
        }
        let halves = field[space...].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        self.init(span: halves[0], total: halves[1])
    }

    /// The same, of text.
    package init?(parsing field: some StringProtocol) {
        self.init(parsing: field.utf8)
    }

    private init?(span: some Collection<UInt8>, total text: some Collection<UInt8>) {
        let total = Int64(digits: text)
        guard total != nil || text.elementsEqual("*".utf8) else { return nil }
        if span.elementsEqual("*".utf8) {
            guard let total else { return nil }
            self = .unsatisfied(total: total)
            return
        }
        let ends = span.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int64(digits: ends[0]), let last = Int64(digits: ends[1]) else { return nil }
        guard first <= last, last < total ?? Int64.max else { return nil }
        self = .part(ByteRange(first, last + 1), total: total)
    }
}

extension ContentRange: CustomStringConvertible {
    /// The value of the field.
    package var description: String {
        switch self {
        case .part(let range, let total):
            "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total.map { "\($0)" } ?? "*")"
        case .unsatisfied(let total): "bytes */\(total)"
        }
    }
}

extension HTTPFields {
    /// The parsed `Content-Range`; nil if absent, repeated, in another unit or malformed.
    package var contentRange: ContentRange? {
        let values = self[contents: .contentRange]
        return values.count == 1 ? ContentRange(parsing: values[0].octets) : nil
    }

    /// The length that `Content-Length` declares, in bytes; nil if absent, if two differ, or if it is no number.
    package var contentLength: Int64? {
        let values = self[contents: .contentLength]
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return Int64(digits: first.octets)
    }
}

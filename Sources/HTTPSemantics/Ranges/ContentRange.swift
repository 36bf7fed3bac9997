/// A `Content-Range` field in bytes (RFC 9110 §14.4).
package enum ContentRange: Hashable, Sendable {
    /// `bytes 0-99/1000`, or `bytes 0-99/*` with no total.
    case part(ByteRange, total: Int64?)
    /// `bytes */1000`: what a 416 says.
    case unsatisfied(total: Int64)

    /// The unit is read in any case. Nil if malformed, in another unit, empty, or if the part lies beyond the total.
    package init?(parsing field: UnsafeRawBufferPointer) {
        guard let (unit, rest) = field.divided(at: .space), unit.equalsIgnoringCase("bytes"),
            let (span, length) = rest.divided(at: UInt8(ascii: "/"))
        else { return nil }
        let total = Int64(digits: length)
        guard total != nil || length.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) else { return nil }
        if span.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) {
            guard let total else { return nil }
            self = .unsatisfied(total: total)
            return
        }
        guard let (start, end) = span.divided(at: UInt8(ascii: "-")), let first = Int64(digits: start),
            let last = Int64(digits: end), first <= last, last < total ?? Int64.max
        else { return nil }
        self = .part(ByteRange(first, last + 1), total: total)
    }

    /// The same, of text.
    package init?(parsing field: String) {
        guard let range = field.utf8.span.bytes.withUnsafeBytes({ Self(parsing: $0) }) else { return nil }
        self = range
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
        guard let value = only(.contentRange) else { return nil }
        return value.withOctets { ContentRange(parsing: $0) }
    }

    /// The length that `Content-Length` declares, in bytes; nil if absent, contradictory or invalid.
    package var contentLength: Int64? {
        guard let first = first(.contentLength),
            allSatisfy({ $0.name != .contentLength || $0.content == first })
        else { return nil }
        return first.withOctets { Int64(digits: $0) }
    }
}

/// What a `Range` header asks for.
public enum RangeHeader: Hashable, Sendable {
    /// Malformed or of another unit: the request is answered as if it had no such header (RFC 9110 §14.2).
    case ignored
    case one(RangeSpec)
    /// Two or more, in the order asked.
    case several([RangeSpec])
}

extension RangeSpec {
    /// Reads the value of a `Range` header.
    ///
    /// The unit `bytes` is taken in any case; blanks may stand around list elements but not inside them; empty
    /// elements are skipped (RFC 9110 §5.6.1.2). A position too large for `Int64` counts as `Int64.max`, which is
    /// beyond the end of everything.
    public static func parse(header: String) -> RangeHeader {
        var header = header
        return header.withUTF8 { parse(header: $0) }
    }

    /// The same, of octets.
    public static func parse(header: some Collection<UInt8>) -> RangeHeader {
        header.withContiguousStorageIfAvailable { parse(header: $0) }
            ?? Array(header).withUnsafeBufferPointer { parse(header: $0) }
    }

    /// The same, over the bytes of the header's value.
    public static func parse(header: UnsafeBufferPointer<UInt8>) -> RangeHeader {
        var reader = RangeHeaderReader(rest: header[...])
        guard reader.readUnit(), let first = reader.readElement() else { return .ignored }
        var several: [RangeSpec] = []
        while !reader.isAtEnd {
            guard let next = reader.readElement() else { return .ignored }
            if several.isEmpty { several.append(first) }
            several.append(next)
        }
        return several.isEmpty ? .one(first) : .several(several)
    }
}

/// Walks over the bytes of one header value, from front to back.
private struct RangeHeaderReader {
    var rest: Slice<UnsafeBufferPointer<UInt8>>

    var isAtEnd: Bool { rest.isEmpty }

    mutating func readUnit() -> Bool {
        skipBlanks()
        for letter in "bytes".utf8 {
            guard let byte = rest.popFirst(), byte | 0x20 == letter else { return false }
        }
        guard skip(UInt8(ascii: "=")) else { return false }
        skipEmptyElements()
        return true
    }

    /// One range and the blanks and commas after it; nil if there is none here.
    mutating func readElement() -> RangeSpec? {
        guard let spec = readRange() else { return nil }
        skipBlanks()
        guard isAtEnd || skip(UInt8(ascii: ",")) else { return nil }
        skipEmptyElements()
        return spec
    }

    private mutating func readRange() -> RangeSpec? {
        let first = readNumber()
        guard skip(UInt8(ascii: "-")) else { return nil }
        let last = readNumber()
        return switch (first, last) {
        case (let first?, let last?): first <= last ? .bounded(first: first, last: last) : nil
        case (let first?, nil): .from(first)
        case (nil, let count?): .suffix(count)
        case (nil, nil): nil
        }
    }

    private mutating func readNumber() -> Int64? {
        guard let head = rest.first, head.isDigit else { return nil }
        var value: Int64 = 0
        while let byte = rest.first, byte.isDigit {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            value = overflow || carry ? .max : sum
            rest.removeFirst()
        }
        return value
    }

    private mutating func skipEmptyElements() {
        repeat { skipBlanks() } while skip(UInt8(ascii: ","))
    }

    private mutating func skipBlanks() {
        while skip(UInt8(ascii: " ")) || skip(UInt8(ascii: "\t")) {}
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }
}

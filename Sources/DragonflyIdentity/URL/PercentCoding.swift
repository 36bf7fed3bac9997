/// The one spelling of octets that need no encoding (RFC 3986 §6.2.2.2).
package enum PercentCoding {
    /// A path with its query in which letters, digits and `-._~` stand for themselves, not as `%XX`: that means the same
    /// everywhere. All else stays as it is: other encoded octets, segments of dots, and a text with a `%` that encodes
    /// nothing, where decoding the rest could make it encode something.
    package static func decodingUnreserved(_ target: ArraySlice<UInt8>) -> [UInt8] {
        guard target.contains(UInt8(ascii: "%")) else { return Array(target) }
        let path = target.prefix { $0 != UInt8(ascii: "?") }
        guard let query = target[path.endIndex...].unreservedDecoded() else { return Array(target) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(target.count)
        for segment in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let text = segment.unreservedDecoded() else { return Array(target) }
            if segment.startIndex > path.startIndex { decoded.append(UInt8(ascii: "/")) }
            decoded += DotSegments.kind(of: segment) == nil ? text : segment
        }
        return decoded + query
    }
}

extension [UInt8] {
    /// Appends `bytes`; those in `set` and all outside ASCII as `%XX`. A `%` that is there already is not touched.
    mutating func append(_ bytes: ArraySlice<UInt8>, encoding set: ByteSet) {
        for byte in bytes {
            if byte >= 0x80 || set.contains(byte) { appendEncoded(byte) } else { append(byte) }
        }
    }

    mutating func appendEncoded(_ byte: UInt8) {
        append(UInt8(ascii: "%"))
        append(upperHexDigit(byte >> 4))
        append(upperHexDigit(byte & 15))
    }
}

extension ArraySlice<UInt8> {
    /// `%XX` turned into bytes, and `+` into a space if `plusIsSpace`. A `%` without two digits stays.
    package func percentDecoded(plusIsSpace: Bool = false) -> ArraySlice<UInt8> {
        guard contains(where: { $0 == UInt8(ascii: "%") || ($0 == UInt8(ascii: "+") && plusIsSpace) }) else {
            return self
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(count)
        var rest = self
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = rest.popHexPair() {
                decoded.append(value)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return decoded[...]
    }

    /// Nil if a `%` has no two digits.
    fileprivate func unreservedDecoded() -> ArraySlice<UInt8>? {
        guard contains(UInt8(ascii: "%")) else { return self }
        var decoded: [UInt8] = []
        var rest = self
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard let value = rest.popHexPair() else { return nil }
            decoded += ByteSet.unreserved.contains(value) ? [value] : [byte] + digits
        }
        return decoded[...]
    }

    private mutating func popHexPair() -> UInt8? {
        guard count >= 2, let high = hexValue(self[startIndex]), let low = hexValue(self[startIndex + 1]) else {
            return nil
        }
        removeFirst(2)
        return high << 4 | low
    }

    /// With U+FFFD in place of each maximal ill-formed part, as both Swift and Rust repair UTF-8.
    func repairingUTF8() -> ArraySlice<UInt8> {
        allSatisfy { $0 < 0x80 } ? self : Array(String(decoding: self, as: UTF8.self).utf8)[...]
    }
}

/// The value of a hexadecimal digit in either case.
func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

private func upperHexDigit(_ value: UInt8) -> UInt8 {
    value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "A") - 10)
}

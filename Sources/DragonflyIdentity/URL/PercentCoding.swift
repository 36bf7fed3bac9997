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
    func percentDecoded(plusIsSpace: Bool = false) -> ArraySlice<UInt8> {
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

/// 32 bytes without a heap allocation, in the order a SHA-256 writes them.
struct Bytes32: Hashable, Sendable {
    /// In memory these are the bytes themselves, whatever the machine's byte order.
    private var words: SIMD4<UInt64>

    /// - Precondition: 32 bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == 32, "32 bytes are wanted")
        words = bytes.loadUnaligned(as: SIMD4<UInt64>.self)
    }

    /// The bytes are a hash already, so one word of them hashes as well as all four.
    func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }

    func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try Swift.withUnsafeBytes(of: words, body)
    }

    static func precedes(_ left: Bytes32, _ right: Bytes32) -> Bool {
        for index in 0..<4 where left.words[index] != right.words[index] {
            return left.words[index].bigEndian < right.words[index].bigEndian
        }
        return false
    }
}

extension Bytes32 {
    /// 64 hexadecimal digits in lower case.
    var hex: String {
        String(unsafeUninitializedCapacity: 64) { writeHex(to: UnsafeMutableRawBufferPointer($0)) }
    }

    /// Writes the 64 digits to the front of `target`, which has room for them, and gives their number.
    @discardableResult
    func writeHex(to target: UnsafeMutableRawBufferPointer) -> Int {
        withUnsafeBytes { bytes in
            for (index, byte) in bytes.enumerated() {
                target[2 * index] = hexDigit(byte >> 4)
                target[2 * index + 1] = hexDigit(byte & 15)
            }
        }
        return 64
    }

    /// Nil unless `hex` is 64 hexadecimal digits in *lower* case, so that each value has one spelling.
    init?(lowercaseHex hex: some Collection<UInt8>) {
        guard hex.count == 64 else { return nil }
        var words = SIMD4<UInt64>()
        var position = 0
        for digit in hex {
            guard let value = lowercaseHexValue(digit) else { return nil }
            words[position / 16] = words[position / 16] << 4 | UInt64(value)
            position += 1
        }
        for index in 0..<4 { words[index] = words[index].bigEndian }
        self.words = words
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
}

private func lowercaseHexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
}

/// A set of ASCII bytes.
struct ByteSet {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ members: String, _ ranges: ClosedRange<UInt8>..., adding other: ByteSet? = nil) {
        low = other?.low ?? 0
        high = other?.high ?? 0
        members.utf8.forEach { insert($0) }
        ranges.joined().forEach { insert($0) }
    }

    private mutating func insert(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
    }

    /// Never true for a byte outside ASCII.
    func contains(_ byte: UInt8) -> Bool {
        // A shift by 64 or more gives 0, so one of the two terms is always 0.
        (low >> UInt64(byte) | (byte < 64 ? 0 : high >> UInt64(byte - 64))) & 1 == 1
    }
}

/// What must be percent-encoded where (WHATWG URL Standard, "percent-encoded bytes"), non-ASCII bytes apart.
extension ByteSet {
    static let control = ByteSet("\u{7F}", 0...31)
    static let fragment = ByteSet(" \"<>`", adding: control)
    /// Without `^`, which the standard added after the versions of the Rust crate that Dragonfly uses (up to 2.5.8).
    static let path = ByteSet("#?{}", adding: fragment)
    static let userInfo = ByteSet("/:;=@[\\]^|", adding: path)
}

/// Forbidden host code points.
extension ByteSet {
    static let forbiddenInHost = ByteSet("\0\t\n\r #/:<>?@[\\]^|")
    static let forbiddenInDomain = ByteSet("%", adding: ByteSet("\u{7F}", 0...31, adding: forbiddenInHost))
}

extension ByteSet {
    static let unreserved = ByteSet(
        "-._~", UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"))
}

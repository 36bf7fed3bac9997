/// A set of ASCII bytes as two words, so that asking costs no memory access.
struct ASCIISet {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 != 0
    }

    /// RFC 9110 §5.6.2: methods, field names, codings.
    static var token: ASCIISet { ASCIISet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }
    /// RFC 9112 §3.2, and `^`, `` ` ``, `{`, `|`, `}`, which URLs written by the WHATWG's rules hold unescaped.
    static var target: ASCIISet { ASCIISet(low: 0xafff_fff2_0000_0000, high: 0x7fff_ffff_efff_ffff) }
    /// RFC 3986 §3.2.2, without the brackets of addresses.
    static var host: ASCIISet { ASCIISet(low: 0x2bff_7ff2_0000_0000, high: 0x47ff_fffe_87ff_fffe) }
}

extension UInt8 {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    var isBlank: Bool { self == .space || self == .tab }
    var isDigit: Bool { self &- 0x30 < 10 }
    /// RFC 9110 §5.5: visible characters, blanks, and the bytes above ASCII.
    var isFieldContent: Bool { self >= 0x20 && self != 0x7f || self == .tab }
}

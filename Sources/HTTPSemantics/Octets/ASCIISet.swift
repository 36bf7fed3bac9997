/// A set of ASCII bytes as two words, so that asking costs no memory access.
@usableFromInline
package struct ASCIISet: Sendable {
    /// Bit n is byte n.
    @usableFromInline package let low: UInt64
    /// Bit n is byte 64 + n.
    @usableFromInline package let high: UInt64

    @inlinable @inline(__always)
    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Never true for a byte outside ASCII.
    @inlinable @inline(__always)
    package func contains(_ byte: UInt8) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 != 0
    }

    /// RFC 9110 §5.6.2: methods, field names, codings.
    @inlinable
    package static var token: ASCIISet { ASCIISet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }
    /// RFC 9112 §3.2, and `^`, `` ` ``, `{`, `|`, `}`, which URLs written by the WHATWG's rules hold unescaped.
    @inlinable
    package static var target: ASCIISet { ASCIISet(low: 0xafff_fff2_0000_0000, high: 0x7fff_ffff_efff_ffff) }
    /// RFC 3986 §3.2.2, without the brackets of addresses.
    @inlinable
    package static var host: ASCIISet { ASCIISet(low: 0x2bff_7ff2_0000_0000, high: 0x47ff_fffe_87ff_fffe) }
}

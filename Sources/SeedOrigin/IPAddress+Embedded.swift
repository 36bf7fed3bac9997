import SeedSupport

extension IPAddress {
    /// The IPv4 address that this IPv6 address stands for, if packets to it may end up there: IPv4-mapped and
    /// -compatible (RFC 4291 §2.5.5), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056).
    var embeddedIPv4: IPAddress? {
        guard case .v6(let high, let low) = self else { return nil }
        let last = IPAddress.v4(UInt32(truncatingIfNeeded: low))
        switch (high, low >> 32) {
        case (0, 0): return low > 1 ? last : nil  // `::` and `::1` are addresses of their own
        case (0, 0xffff), (0, 0xffff_0000): return last
        case (0x0064_ff9b_0000_0000, 0): return last
        case (0x0064_ff9b_0001_0000...0x0064_ff9b_0001_ffff, _): return last
        case (0x2002_0000_0000_0000...0x2002_ffff_ffff_ffff, _): return .v4(UInt32(truncatingIfNeeded: high >> 16))
        default: return nil
        }
    }
}

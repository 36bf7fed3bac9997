import Glibc

/// An IPv4 or IPv6 address, without port.
package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// From text as `inet_pton` reads it, IPv6 with or without square brackets and without a zone.
    package init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        if inet_pton(AF_INET, bare, &bytes) == 1 {
            self.init(bytes: bytes[0..<4])
        } else if inet_pton(AF_INET6, bare, &bytes) == 1 {
            self.init(bytes: bytes[0..<16])
        } else {
            return nil
        }
    }

    /// From a `sockaddr`. Nil for other families.
    ///
    /// Read by the offsets of Linux's binary interface: which C module owns `sockaddr` differs between build modes.
    package init?(socketAddress raw: UnsafeRawPointer) {
        switch Int32(raw.loadUnaligned(as: UInt16.self)) {
        case AF_INET: self.init(bytes: UnsafeRawBufferPointer(start: raw + 4, count: 4))
        case AF_INET6: self.init(bytes: UnsafeRawBufferPointer(start: raw + 8, count: 16))
        default: return nil
        }
    }

    /// The port beside the address in the same structure: both families keep it in the same place.
    static func port(socketAddress raw: UnsafeRawPointer) -> Int {
        Int(UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    }

    /// From 4 or 16 bytes in network order.
    private init?(bytes: some Collection<UInt8>) {
        func number(_ part: some Collection<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self = .v4(UInt32(number(bytes)))
        case 16: self = .v6(high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    package var description: String {
        switch self {
        case .v4(let bits):
            return (0..<4).map { String(bits >> (24 - 8 * UInt32($0)) & 0xff) }.joined(separator: ".")
        case .v6(let high, let low):
            let groups = (0..<8).map { index in
                String((index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)) & 0xffff, radix: 16)
            }
            return groups.joined(separator: ":")
        }
    }

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

/// A block of addresses, `10.0.0.0/8` or `fd00::/8`; a bare address is a block of one.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    private let base: IPAddress
    private let prefixLength: Int

    /// Nil if the address or the length is not one.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let base = IPAddress(String(first)) else { return nil }
        let width = if case .v4 = base { 32 } else { 128 }
        guard let length = parts.count == 2 ? Int64(digits: parts[1]).map(Int.init) : width, length <= width else {
            return nil
        }
        self.base = base
        self.prefixLength = length
    }

    package var description: String { "\(base)/\(prefixLength)" }

    package func contains(_ address: IPAddress) -> Bool {
        switch (base, address) {
        case (.v4(let base), .v4(let bits)):
            base >> (32 - prefixLength) == bits >> (32 - prefixLength)  // Swift's shift by 32 gives 0
        case (.v6(let baseHigh, let baseLow), .v6(let high, let low)):
            baseHigh >> max(0, 64 - prefixLength) == high >> max(0, 64 - prefixLength)
                && baseLow >> min(64, 128 - prefixLength) == low >> min(64, 128 - prefixLength)
        case (.v4, .v6), (.v6, .v4): false
        }
    }
}

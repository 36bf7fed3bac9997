import Glibc

/// An IPv4 or IPv6 address, without port.
package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// All IPv4 addresses of this machine, as one to listen on.
    package static let any = IPAddress.v4(0)
    package static let loopback = IPAddress.v4(0x7f00_0001)

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
    package static func port(socketAddress raw: UnsafeRawPointer) -> Int {
        Int(UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    }

    /// From 4 or 16 bytes in network order.
    init?(bytes: some Collection<UInt8>) {
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
}

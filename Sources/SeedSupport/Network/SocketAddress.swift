import Glibc

/// An IP address and a port: where a socket listens, or where its peer is.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package var ip: IPAddress
    package var port: UInt16

    package init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// From text as `inet_pton` reads it, IPv6 with or without square brackets. Nil for names.
    package init?(ip: String, port: UInt16) {
        guard let address = IPAddress(ip) else { return nil }
        self.init(address, port: port)
    }

    /// From a `sockaddr`. Nil for other families.
    package init?(socketAddress raw: UnsafeRawPointer) {
        guard let ip = IPAddress(socketAddress: raw) else { return nil }
        self.init(ip, port: UInt16(IPAddress.port(socketAddress: raw)))
    }

    package var isIPv6: Bool { if case .v6 = ip { true } else { false } }

    package var description: String { isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }

    /// Room for a `sockaddr` of either family.
    package static let rawLength = 28

    /// Lends the address as a `sockaddr` and its length, by the offsets of Linux's binary interface: which C module owns
    /// `sockaddr` differs between build modes.
    package func withRawSocketAddress<R, E: Error>(
        _ body: (UnsafeRawPointer, UInt32) throws(E) -> R
    ) throws(E) -> R {
        var raw = InlineArray<7, UInt32>(repeating: 0)
        var span = raw.mutableSpan
        return try span.withUnsafeMutableBytes { bytes throws(E) in
            bytes.storeBytes(of: UInt16(isIPv6 ? AF_INET6 : AF_INET), as: UInt16.self)
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            switch ip {
            case .v4(let bits):
                bytes.storeBytes(of: bits.bigEndian, toByteOffset: 4, as: UInt32.self)
            case .v6(let high, let low):
                bytes.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
            }
            return try body(UnsafeRawPointer(bytes.baseAddress!), isIPv6 ? 28 : 16)  // never nil: 28 bytes
        }
    }
}

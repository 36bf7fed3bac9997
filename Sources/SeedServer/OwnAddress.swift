import Glibc
import SeedSupport

/// This server's address when the configuration names none.
enum OwnAddress {
    /// The first IPv4 address that is not loopback's; without a network, loopback's.
    static var first: String {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return loopback }
        defer { freeifaddrs(list) }
        let entries = sequence(first: list, next: { $0?.pointee.ifa_next }).prefix { $0 != nil }
        let addresses = entries.lazy.compactMap { entry in
            entry?.pointee.ifa_addr.flatMap { IPAddress(socketAddress: UnsafeRawPointer($0)) }
        }
        return addresses.first(where: isOutside)?.description ?? loopback
    }

    private static let loopback = "127.0.0.1"

    private static func isOutside(_ address: IPAddress) -> Bool {
        if case .v4(let bits) = address { bits >> 24 != 127 } else { false }
    }
}

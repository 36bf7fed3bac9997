import Glibc
package import SeedSupport

/// The addresses that this server listens on. A request that dials one of them as an origin would loop
/// (rule:no-request-loops).
package final class OwnListeners: Sendable {
    private let listeners = Lock<[(address: IPAddress, port: Int)]>([])

    package init() {}

    /// - Parameter address: as bound; the unspecified address stands for all of this machine.
    package func add(_ address: IPAddress, port: Int) {
        listeners.withLock { $0.append((address, port)) }
    }

    /// - Parameter address: as bound.
    package func add(_ address: SocketAddress) {
        add(address.ip, port: Int(address.port))
    }

    /// Whether dialling this, in any form of the address, reaches one of the listeners. Asks the system for its
    /// addresses only if the port is one of ours.
    package func contains(_ address: IPAddress, port: Int) -> Bool {
        let bound = listeners.withLock { $0.filter { $0.port == port } }.flatMap { $0.address.forms }
        guard !bound.isEmpty else { return false }
        return address.forms.contains { dialled in
            if bound.contains(dialled) { return true }
            // Dialling the unspecified address reaches loopback.
            if dialled.isUnspecified { return bound.contains { $0.isLoopback || $0.isUnspecified } }
            return bound.contains(where: \.isUnspecified) && dialled.isOfThisMachine
        }
    }
}

extension IPAddress {
    /// The address itself and the IPv4 address it may stand for.
    var forms: [IPAddress] { [self, embeddedIPv4].compactMap(\.self) }

    fileprivate var isUnspecified: Bool { self == .v4(0) || self == .v6(high: 0, low: 0) }

    fileprivate var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    fileprivate var isOfThisMachine: Bool {
        if isLoopback { return true }
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return false }
        defer { freeifaddrs(list) }
        return sequence(first: list, next: { $0?.pointee.ifa_next }).prefix { $0 != nil }.contains { entry in
            guard let address = entry?.pointee.ifa_addr else { return false }
            return IPAddress(socketAddress: UnsafeRawPointer(address)) == self
        }
    }
}

package import NIOCore
package import SeedOrigin

/// Our listeners by the addresses that SwiftNIO knows, which their own room does not.
extension OwnListeners {
    /// - Parameter address: as bound. The unspecified address stands for all of this machine.
    package func add(_ address: SocketAddress) {
        if let ip = address.ip, let port = address.port { add(ip, port: port) }
    }

    func contains(_ address: SocketAddress) -> Bool {
        guard let ip = address.ip, let port = address.port else { return false }
        return contains(ip, port: port)
    }
}

extension SocketAddress {
    var ip: IPAddress? {
        withSockAddr { address, _ in IPAddress(socketAddress: address) }
    }
}

import Logging
import NIOCore
import SeedOrigin
import SeedProxy
import Synchronization

/// Waits until every listener is open, then says so in one line with the real addresses. Each becomes known as ours, so
/// that no origin request is sent there.
final class ReadyBoard: Sendable {
    private let names: [String]
    private let own: OwnListeners
    private let logger: Logger
    private let addresses = Mutex<[String: String]>([:])

    init(expecting names: [String], own: OwnListeners, logger: Logger) {
        self.names = names
        self.own = own
        self.logger = logger
    }

    /// Tells that the listener of that name is open.
    func bound(_ name: String, at address: SocketAddress?) {
        if let address { own.add(address) }
        let line = addresses.withLock { addresses in
            addresses[name] = address?.hostAndPort ?? "?"
            return readyLine(addresses)
        }
        if let line { logger.info("\(line)") }
    }

    private func readyLine(_ addresses: [String: String]) -> String? {
        guard addresses.count == names.count else { return nil }
        return "ready " + names.map { "\($0)=\(addresses[$0] ?? "?")" }.joined(separator: " ")
    }
}

extension SocketAddress {
    /// As in a URL: `127.0.0.1:80`, `[::1]:80`.
    fileprivate var hostAndPort: String {
        let host = ipAddress ?? "?"
        return (host.contains(":") ? "[\(host)]" : host) + ":\(port ?? 0)"
    }
}

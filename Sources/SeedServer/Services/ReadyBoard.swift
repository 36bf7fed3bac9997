import Logging
import NIOCore
import Synchronization

/// Waits until every listener is open, then says so in one line with the real addresses.
final class ReadyBoard: Sendable {
    private let names: [String]
    private let logger: Logger
    private let addresses = Mutex<[String: String]>([:])

    init(expecting names: [String], logger: Logger) {
        self.names = names
        self.logger = logger
    }

    /// Tells that the listener of that name is open.
    func bound(_ name: String, at address: SocketAddress?) {
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

import Glibc

/// A port of 127.0.0.1 that refuses connections for as long as the object lives. A port that somebody has left could be
/// taken by another test.
package final class ClosedPort: Sendable {
    private let socket: Int32
    package let port: UInt16

    package init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket
        // Bound, but not listening.
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw FixtureError("no socket") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(socket) }

    package var url: String { "http://127.0.0.1:\(port)" }
}

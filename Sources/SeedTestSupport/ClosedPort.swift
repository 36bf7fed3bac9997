import Glibc

/// A port of 127.0.0.1 that refuses connections for as long as the object lives. A port that was merely closed could be
/// taken by another test.
package final class ClosedPort: Sendable {
    private let socket: Int32
    package let port: UInt16

    package init() throws {
        // Bound, but not listening.
        (socket, port) = try LoopbackSocket.bind(Int32(SOCK_STREAM.rawValue))
    }

    deinit { close(socket) }

    package var url: String { "http://127.0.0.1:\(port)" }
}

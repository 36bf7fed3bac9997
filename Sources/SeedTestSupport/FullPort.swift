import Glibc

/// A port of 127.0.0.1 that answers no SYN, as one whose packets are dropped: its backlog is full.
package final class FullPort: Sendable {
    package let port: UInt16
    private let listener: Int32
    private let waiting: [Int32]

    package init() throws {
        (listener, port) = try LoopbackSocket.bind(Int32(SOCK_STREAM.rawValue))
        guard listen(listener, 0) == 0 else { throw FixtureError("no listening socket") }
        // More than fit; the system drops the SYNs of the others, and of all that come later.
        waiting = (0..<4).compactMap { [port] _ in LoopbackSocket.beginConnecting(port: port) }
        guard waiting.count == 4 else { throw FixtureError("the backlog cannot be filled") }
    }

    deinit { for socket in waiting + [listener] { close(socket) } }
}

import Foundation
import Glibc

/// TCP sockets on 127.0.0.1 for fixtures.
enum LoopbackSocket {
    /// A listening socket on a port of the system's choice.
    static func listen() throws -> (socket: Int32, port: UInt16) {
        let listener = socket(AF_INET, stream, 0)
        var address = address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withSockaddr(&address) { pointer in
            bind(listener, pointer, size) == 0 && Glibc.listen(listener, 1024) == 0
                && getsockname(listener, pointer, &size) == 0
        }
        guard listener >= 0, code else {
            throw FixtureError("no listening socket: \(String(cString: strerror(errno)))")
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// A port that nobody listens on now.
    static func freePort() throws -> UInt16 {
        let (socket, port) = try listen()
        close(socket)
        return port
    }

    /// Whether somebody accepts connections there.
    static func answers(port: UInt16) -> Bool {
        let client = socket(AF_INET, stream, 0)
        defer { close(client) }
        var address = address(port: port)
        return withSockaddr(&address) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }

    private static let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    private static func withSockaddr<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}

/// A fixture could not do its part.
package struct FixtureError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

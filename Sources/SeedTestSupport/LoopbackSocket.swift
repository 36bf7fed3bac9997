import Foundation
import Glibc

/// TCP sockets on 127.0.0.1 for fixtures.
package enum LoopbackSocket {
    /// A listening socket on a port of the system's choice, at an IPv4 or IPv6 address in digits.
    package static func listen(at host: String = "127.0.0.1") throws -> (socket: Int32, port: UInt16) {
        let (listener, port) = try bind(stream, at: host)
        guard Glibc.listen(listener, 1024) == 0 else {
            throw FixtureError("no listening socket: \(String(cString: strerror(errno)))")
        }
        return (listener, port)
    }

    /// A socket of `type` on a port of the system's choice.
    package static func bind(_ type: Int32, at host: String = "127.0.0.1") throws -> (socket: Int32, port: UInt16) {
        let descriptor = socket(host.contains(":") ? AF_INET6 : AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let port = withSockaddr(host, port: 0) { pointer, length -> UInt16? in
            guard Glibc.bind(descriptor, pointer, length) == 0, getsockname(descriptor, pointer, &size) == 0 else {
                return nil
            }
            // The port is in the same place for both families.
            return UInt16(bigEndian: UnsafeRawPointer(pointer).load(fromByteOffset: 2, as: UInt16.self))
        }
        guard let port else { throw FixtureError("no socket: \(String(cString: strerror(errno)))") }
        return (descriptor, port)
    }

    /// A currently unused port.
    package static func freePort() throws -> UInt16 {
        let (socket, port) = try listen()
        close(socket)
        return port
    }

    /// Whether the port accepts connections.
    static func isListening(port: UInt16) -> Bool {
        guard let client = connect(port: port) else { return false }
        close(client)
        return true
    }

    /// A connection to that port; nil if it is refused.
    package static func connect(port: UInt16) -> Int32? {
        let client = socket(AF_INET, stream, 0)
        if withSockaddr("127.0.0.1", port: port, { Glibc.connect(client, $0, $1) == 0 }) { return client }
        close(client)
        return nil
    }

    private static let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

    private static func withSockaddr<Result>(
        _ host: String, port: UInt16, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            let isV6 = host.contains(":")
            bytes.storeBytes(of: sa_family_t(isV6 ? AF_INET6 : AF_INET), as: sa_family_t.self)
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            inet_pton(isV6 ? AF_INET6 : AF_INET, host, bytes.baseAddress! + (isV6 ? 8 : 4))  // never nil: 32 bytes
            let size = isV6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            return body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
        }
    }
}

/// A fixture could not do its part.
package struct FixtureError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

import Foundation
import SeedTestSupport

/// A TCP server on 127.0.0.1 that runs a script for each connection, on a thread of its own.
final class LoopbackServer: Sendable {
    let port: Int
    private let descriptor: CInt

    init(_ script: @escaping @Sendable (RawClient) throws -> Void) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + listen(descriptor, 64) + getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw RawClient.Failure.system(errno: errno) }
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread {
            // Ends when the listener is shut down.
            while case let accepted = accept(descriptor, nil, nil), accepted >= 0 {
                let connection = RawClient(connected: accepted)
                Thread.detachNewThread { try? script(connection) }
            }
            close(descriptor)
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

extension RawClient {
    /// Reads one request head as a server does: the request line and the fields as one text.
    func readRequest() throws -> String {
        var lines: [String] = []
        while case let line = try readLine(), !line.isEmpty { lines.append(line) }
        return lines.joined(separator: "\n")
    }
}

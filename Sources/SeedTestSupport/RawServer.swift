import Foundation
import Glibc
import SeedSupport

/// A TCP server on loopback that shows the bytes of its clients as they came. Each connection has a thread of its own, on
/// which the handler may block; when it returns, the connection is closed.
package final class RawServer: Sendable {
    package typealias Handler = @Sendable (RawClient, _ number: Int) throws -> Void

    package let port: UInt16
    private let listener: Int32
    private let handler: Handler
    private let accepted = Lock(0)
    private let threads = DispatchGroup()

    /// Listens at once on a port of the system's choice.
    /// - Parameters:
    ///   - maximumSegment: of its clients' data, in bytes. On loopback segments are long, and send buffers with them.
    ///   - handler: gets the server's end of each connection, and its number from 0.
    package init(maximumSegment: Int32? = nil, _ handler: @escaping Handler) throws {
        (listener, port) = try LoopbackSocket.listen()
        if var maximumSegment {
            setsockopt(listener, Int32(IPPROTO_TCP), TCP_MAXSEG, &maximumSegment, socklen_t(MemoryLayout<Int32>.size))
        }
        self.handler = handler
        threads.enter()
        Thread.detachNewThread { [self] in
            acceptAll()
            threads.leave()
        }
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    package var url: String { "http://127.0.0.1:\(port)" }

    package var acceptedConnections: Int { accepted.withLock { $0 } }

    /// Accepts no more, and waits until the handlers have returned: the clients must have gone.
    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        threads.wait()
    }

    private func acceptAll() {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { break }
            let number = accepted.withLock { count in
                defer { count += 1 }
                return count
            }
            threads.enter()
            Thread.detachNewThread { [self] in
                // Failures here show at the client.
                try? handler(RawClient(connected: socket, timeout: 20), number)
                threads.leave()
            }
        }
        close(listener)
    }
}

extension RawClient {
    /// Everything up to and with the empty line, and not a byte beyond.
    package func readHeadBytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) { bytes += try read(exactly: 1) }
        return bytes
    }

    /// A chunked body up to its end: what it carries.
    package func readChunkedBody() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let count = Int(try readLine(), radix: 16) else { throw Failure.notHTTP("no chunk") }
            body += try read(exactly: count)
            _ = try readLine()
            if count == 0 { return body }
        }
    }
}

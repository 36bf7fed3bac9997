import Glibc

/// A TCP client on loopback that sends exactly the bytes it is told and shows exactly what came back. Its calls block,
/// at most `timeout` seconds each.
package final class RawClient: Sendable {
    package enum Failure: Error, Equatable {
        case cannotConnect(errno: CInt)
        /// The peer cut the connection (`ECONNRESET`).
        case reset
        case timedOut
        /// The peer closed in an orderly way, but too early.
        case endedEarly
        case system(errno: CInt)
        case notHTTP(String)
    }

    private let descriptor: CInt

    /// - Parameter receiveBuffer: the size of the kernel's receive buffer in bytes, for clients that read slowly.
    package init(port: Int, receiveBuffer: Int32? = nil, timeout: Int = 60) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBuffer { set(SO_RCVBUF, &receiveBuffer) }
        setTimeout(timeout)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure.cannotConnect(errno: errno) }
    }

    /// The server's end of a connection that was accepted. The descriptor belongs to the client from now on.
    package init(connected descriptor: CInt, timeout: Int = 60) {
        self.descriptor = descriptor
        setTimeout(timeout)
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Sets how long each later call waits; for ends that are expected to be held back.
    package func setTimeout(_ seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        set(SO_RCVTIMEO, &limit)
        set(SO_SNDTIMEO, &limit)
    }

    /// Closes the connection now; what was not read makes it a reset.
    package func close() {
        // The number stays taken until `deinit`.
        let nothing = open("/dev/null", O_RDONLY)
        dup2(nothing, descriptor)
        Glibc.close(nothing)
    }

    /// Sends all of `text`.
    package func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Self.failure() }
            sent += count
        }
    }

    /// At most `count` bytes, as soon as some are there; none at the peer's orderly end.
    package func read(atMost count: Int = 65_536) throws -> [UInt8] {
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let received = recv(descriptor, buffer.baseAddress, count, 0)
            guard received >= 0 else { throw Self.failure() }
            filled = received
        }
        return bytes
    }

    /// Exactly `count` bytes.
    package func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let part = try read(atMost: min(count - bytes.count, 1 << 20))
            guard !part.isEmpty else { throw Failure.endedEarly }
            bytes += part
        }
        return bytes
    }

    /// Everything up to the peer's orderly end.
    package func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try read()
            if part.isEmpty { return bytes }
            bytes += part
        }
    }

    /// Up to and including the next CR LF, which is left out of the result. Reads no byte beyond it.
    package func readLine() throws -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(2).elementsEqual([13, 10]) { bytes += try read(exactly: 1) }
        return String(decoding: bytes.dropLast(2), as: UTF8.self)
    }

    /// A status line and its fields, and not a byte of the body.
    package func readHead() throws -> RawResponse {
        let line = try readLine()
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw Failure.notHTTP(line) }
        var response = RawResponse(status: status)
        while case let line = try readLine(), !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { throw Failure.notHTTP(line) }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            response.fields.append((String(line[..<colon]), String(value)))
        }
        return response
    }

    /// A whole response: by its chunks, its `Content-Length`, or the connection's end.
    package func readResponse(hasBody: Bool = true) throws -> RawResponse {
        var response = try readHead()
        guard hasBody, response.status != 204, response.status != 304 else { return response }
        if response["transfer-encoding"] == "chunked" {
            response.body = try readChunks()
        } else if let length = response["content-length"].flatMap({ Int($0) }) {
            response.body = try read(exactly: length)
        } else {
            response.body = try readToEnd()
        }
        return response
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try readLine()
            guard let count = Int(line, radix: 16) else { throw Failure.notHTTP(line) }
            body += try read(exactly: count)
            guard try readLine().isEmpty else { throw Failure.notHTTP("a chunk is longer than it says") }
            if count == 0 { return body }
        }
    }

    /// Tells the peer that nothing more is sent; responses can still be read.
    package func closeWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Waits until the peer's kernel has all that was sent; its program need not have read it.
    package func waitUntilTaken() -> Bool {
        eventually {
            var waiting: CInt = 1
            return ioctl(descriptor, UInt(TIOCOUTQ), &waiting) == 0 && waiting == 0
        }
    }

    /// Cuts the connection: the peer sees a reset. The client cannot be used afterwards.
    package func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        set(SO_LINGER, &now)
        // The number stays ours until deinit, so it cannot come to name something else.
        var unspecified = sockaddr(
            sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        connect(descriptor, &unspecified, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private func set<Value: BitwiseCopyable>(_ option: CInt, _ value: inout Value) {
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    private static func failure() -> Failure {
        switch errno {
        case ECONNRESET, EPIPE: .reset
        case EAGAIN, EWOULDBLOCK: .timedOut
        case let number: .system(errno: number)
        }
    }
}

/// A response as a `RawClient` read it.
package struct RawResponse: Sendable {
    package var status: Int
    /// In the order and spelling they came.
    package var fields: [(name: String, value: String)] = []
    package var body: [UInt8] = []

    package init(status: Int) {
        self.status = status
    }

    /// The first field of this name, in any case.
    package subscript(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var text: String { String(decoding: body, as: UTF8.self) }
}

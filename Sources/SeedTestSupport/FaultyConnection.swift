import Foundation
import Glibc
import SeedSupport

/// One connection of a `FaultyOrigin`, with everything a closure can do to it. Writing to a connection that is closed,
/// by either side, does nothing and returns false.
package final class FaultyConnection: Sendable {
    private struct State {
        var socket: Int32?
        var isReleased = false
        var unread: [UInt8] = []
        var bodyBytes: Int64 = 0
    }

    private let number: Int
    private let state: Lock<State>
    private let changed = Signal()

    init(socket: Int32, number: Int) {
        self.number = number
        state = Lock(State(socket: socket))
    }

    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            guard let socket = state.withLock({ $0.socket }) else { return false }
            let count = bytes.withUnsafeBytes { send(socket, $0.baseAddress! + sent, $0.count - sent, noSignal) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Writes bytes that are counted in `bodyBytesSent`.
    @discardableResult
    package func writeBody(_ bytes: [UInt8]) -> Bool {
        let isWritten = write(bytes)
        if isWritten { state.withLock { $0.bodyBytes += Int64(bytes.count) } }
        return isWritten
    }

    /// Bytes of bodies that the kernel has taken; what `write` sends is not counted.
    package var bodyBytesSent: Int64 { state.withLock { $0.bodyBytes } }

    /// A status line and these header lines, and nothing else: `head("206 Partial Content", "Content-Length: 5")`.
    @discardableResult
    package func head(_ status: String, _ lines: String...) -> Bool {
        write("HTTP/1.1 \(status)\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
    }

    /// A whole well-formed response; `Content-Length` is added.
    @discardableResult
    package func respond(_ status: String = "200 OK", _ lines: [String] = [], body: [UInt8] = []) -> Bool {
        let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + lines
        return write(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// Answers as a good origin does: 206 for one range, else 200.
    @discardableResult
    package func serve(_ object: [UInt8], to request: FaultyRequest, _ lines: [String] = []) -> Bool {
        guard let range = request.range(in: object.count) else { return respond(lines: lines, object) }
        guard !range.isEmpty else {
            return respond("416 Range Not Satisfiable", ["Content-Range: bytes */\(object.count)"])
        }
        let contentRange = "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.count)"
        return respond("206 Partial Content", [contentRange] + lines, body: Array(object[range]))
    }

    private func respond(lines: [String], _ object: [UInt8]) -> Bool {
        respond("200 OK", ["Accept-Ranges: bytes"] + lines, body: object)
    }

    /// Writes `chunk` bytes at a time with a pause after each.
    @discardableResult
    package func drip(_ bytes: [UInt8], chunk: Int, milliseconds: UInt32) -> Bool {
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            guard write(Array(bytes[start..<min(bytes.count, start + chunk)])) else { return false }
            usleep(milliseconds * 1000)
        }
        return true
    }

    /// Does nothing until `release()` of this connection or of the origin, or until the origin stops.
    package func stall() {
        _ = changed.wait(within: 120) { self.state.withLock { $0.isReleased || $0.socket == nil } ? true : nil }
    }

    package func release() {
        state.withLock { $0.isReleased = true }
        changed.notify()
    }

    /// Waits until the client has closed its side. False after `seconds`.
    package func waitForClose(within seconds: Double = 10) -> Bool {
        guard let socket = state.withLock({ $0.socket }) else { return true }
        var entry = pollfd(fd: socket, events: peerClosed, revents: 0)
        return poll(&entry, 1, Int32(seconds * 1000)) > 0
    }

    /// Closes in the ordinary way (FIN), wherever the response stands.
    package func cut() { close(abruptly: false) }

    /// Closes with RST.
    package func reset() { close(abruptly: true) }

    /// Closes our side only: the client reads an end, and may go on sending.
    package func halfClose() {
        state.withLock { state in
            if let socket = state.socket { _ = shutdown(socket, Int32(SHUT_WR)) }
        }
    }

    private func close(abruptly: Bool) {
        let taken = state.withLock { state in
            defer { state.socket = nil }
            return state.socket
        }
        guard let taken else { return }
        if abruptly {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(taken, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        } else {
            shutdown(taken, Int32(SHUT_WR))
        }
        Glibc.close(taken)
        changed.notify()
    }

    /// Becomes a tunnel to a loopback port, as `CONNECT` asks for, until either side is done.
    package func tunnel(to port: UInt16) {
        guard let near = state.withLock({ $0.socket }) else { return }
        guard let far = LoopbackSocket.connect(port: port) else { return cut() }
        defer { Glibc.close(far) }
        head("200 Connection established")
        var entries = [near, far].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while poll(&entries, 2, 30_000) > 0 {
            for (index, entry) in entries.enumerated() where entry.revents != 0 {
                let count = recv(entry.fd, &buffer, buffer.count, 0)
                guard count > 0, send(entries[1 - index].fd, buffer, count, noSignal) == count else { return }
            }
        }
    }

    /// Wakes pending reads, writes and stalls; the connection's own thread then closes it.
    func abandon() {
        state.withLock { state in
            if let socket = state.socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
            state.isReleased = true
        }
        changed.notify()
    }

    /// The next request's head; nil when the client has gone. Bodies are not expected.
    func readRequest() -> FaultyRequest? {
        var bytes = state.withLock { state in
            defer { state.unread = [] }
            return state.unread
        }
        let end: [UInt8] = [13, 10, 13, 10]
        while true {
            if let found = bytes.firstRange(of: end) {
                let rest = Array(bytes[found.upperBound...])
                state.withLock { $0.unread = rest }
                return FaultyRequest(
                    head: String(decoding: bytes[..<found.lowerBound], as: UTF8.self), connection: number)
            }
            guard let socket = state.withLock({ $0.socket }) else { return nil }
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}

private let noSignal = Int32(MSG_NOSIGNAL)
/// `POLLRDHUP`, which Glibc's module leaves out.
private let peerClosed: Int16 = 0x2000

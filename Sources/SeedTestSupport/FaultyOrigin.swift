import Dispatch
import Foundation
package import HTTPSemantics
import SeedSupport

/// A scriptable origin on a real loopback socket, for everything that a well-behaved server never does. A
/// `FaultyScript` says which request gets which fault; a closure instead gets each request and writes, cuts, resets,
/// stalls as it likes. Every connection has a thread of its own, so the closure may block. When it returns with the
/// connection still open, the next request on it is read.
package final class FaultyOrigin: Sendable {
    package typealias Handler = @Sendable (FaultyRequest, FaultyConnection) -> Void

    private struct State {
        var connections: [FaultyConnection] = []
        var requests: [FaultyRequest] = []
        var isStopped = false
        var play: FaultyPlay?
    }

    package let port: UInt16
    private let listener: Int32
    private let host: String
    private let greeting: String
    private let handler: Handler?
    private let state = Lock(State())
    private let changed = Signal()
    private let threads = DispatchGroup()

    /// Listens at once on a port of the system's choice.
    /// - Parameters:
    ///   - greeting: written to each connection before anything is read.
    ///   - address: the loopback address to listen on, of either family.
    package convenience init(
        greeting: String = "", at address: String = "127.0.0.1", _ handler: @escaping Handler
    ) throws {
        try self.init(greeting, address, handler)
    }

    /// Answers as a correct origin does, but for what the script says.
    package convenience init(at address: String = "127.0.0.1", script: FaultyScript) throws {
        try self.init("", address, nil)
        play(script)
    }

    private init(_ greeting: String, _ address: String, _ handler: Handler?) throws {
        (listener, port) = try LoopbackSocket.listen(at: address)
        host = address.contains(":") ? "[\(address)]" : address
        self.greeting = greeting
        self.handler = handler
        run { $0.acceptAll() }
    }

    /// Another script from now on, its turns counted from 0.
    package func play(_ script: FaultyScript) {
        state.withLock { $0.play = FaultyPlay(script) }
    }

    private func respondByScript(_ request: FaultyRequest, on connection: FaultyConnection) {
        guard let response = state.withLock({ $0.play?.response(to: request) }) else { return }
        connection.deliver(response, isHead: request.method == "HEAD")
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    package var url: String { "http://\(host):\(port)" }

    package var acceptedConnections: Int { state.withLock { $0.connections.count } }

    /// Bytes of bodies of the scripted responses, on all connections.
    package var bodyBytesSent: Int64 { state.withLock { $0.connections }.reduce(0) { $0 + $1.bodyBytesSent } }

    /// Every request so far, in the order their heads were complete.
    package var requests: [FaultyRequest] { state.withLock { $0.requests } }

    /// Waits until so many requests have come. False after `seconds`.
    package func waitForRequests(_ count: Int, within seconds: Double = 10) -> Bool {
        changed.wait(within: seconds) { self.requests.count >= count ? true : nil } ?? false
    }

    /// Lets every `stall()` go on, those to come as well.
    package func release() {
        for connection in state.withLock({ $0.connections }) { connection.release() }
    }

    /// Closes everything and waits until the last closure has returned. Called again it only waits: the listener's
    /// number may be another socket's by then.
    package func stop() {
        let connections: [FaultyConnection]? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            return state.connections
        }
        if let connections {
            shutdown(listener, Int32(SHUT_RDWR))
            for connection in connections { connection.abandon() }
        }
        threads.wait()
    }

    private func run(_ body: @escaping @Sendable (FaultyOrigin) -> Void) {
        threads.enter()
        Thread.detachNewThread { [self] in
            body(self)
            threads.leave()
        }
    }

    private func acceptAll() {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { break }
            let connection = state.withLock { state in
                let connection = FaultyConnection(socket: socket, number: state.connections.count)
                state.connections.append(connection)
                // One that slipped in while stopping.
                if state.isStopped { connection.abandon() }
                return connection
            }
            run { $0.serve(connection) }
        }
        close(listener)
    }

    private func serve(_ connection: FaultyConnection) {
        connection.write(greeting)
        while let request = connection.readRequest() {
            state.withLock { $0.requests.append(request) }
            changed.notify()
            if let handler { handler(request, connection) } else { respondByScript(request, on: connection) }
        }
        connection.cut()
    }
}

/// The head of one request as it came over the wire.
package struct FaultyRequest: Sendable {
    package let method: String
    /// The request target byte for byte.
    package let target: String
    package let headers: HTTPFields
    /// Which of the origin's connections it came on, from 0.
    package let connection: Int

    /// The target without its query.
    package var path: String { String(target.prefix { $0 != "?" }) }

    /// The bytes a `Range: bytes=a-b`, `a-` or `-n` means in an object of `length` bytes, empty
    /// if none of them exist; nil without one.
    package func range(in length: Int) -> Range<Int>? {
        guard let field = headers[.range], field.hasPrefix("bytes=") else { return nil }
        let ends = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if let first = Int(ends[0]) { return first..<max(first, min(length, (Int(ends[1]) ?? length - 1) + 1)) }
        return Int(ends[1]).map { max(0, length - $0)..<length }
    }

    init?(head: String, connection: Int) {
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].components(separatedBy: " ")
        guard words.count == 3 else { return nil }
        (method, target) = (words[0], words[1])
        var headers = HTTPFields()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else {
                continue
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers.append(HTTPField(name: name, value: value))
        }
        self.headers = headers
        self.connection = connection
    }
}

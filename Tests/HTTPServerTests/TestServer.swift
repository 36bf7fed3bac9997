import EventLoops
import Foundation
import SeedSupport
import SeedTestSupport

@testable import HTTPServer

/// A server on loopback with an application that does what the path says.
final class TestServer: Sendable {
    let server: Server
    let requests = Requests()
    private let group: EventLoopGroup

    init(
        loops: Int = 1, tick: Duration = .milliseconds(250), configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ServerConfiguration(addresses: [SocketAddress(.v4(0x7f00_0001), port: 0)])
        configure(&configuration)
        let tick = tick == .milliseconds(250) ? min(tick, configuration.timeouts.shortest / 4) : tick
        group = EventLoopGroup(count: loops, name: "test", tickInterval: max(tick, .milliseconds(10)))
        do {
            server = try Server.start(configuration, loops: group.loops) { [requests] _ in TestApplication(requests) }
        } catch {
            group.stop()
            throw error
        }
    }

    var port: Int { Int(server.addresses[0].port) }
    var counters: ServerCounters { server.counters }

    func client(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBuffer: receiveBuffer)
    }

    /// The request for `/wait` that is there first and has not been taken yet.
    func next() -> WaitingRequest? { requests.next() }

    func stop() async {
        await server.drain(within: .zero)
        group.stop()
    }
}

/// Runs a test with a server that is stopped at its end.
func withServer(
    loops: Int = 1, tick: Duration = .milliseconds(250), configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
) async throws {
    let server = try TestServer(loops: loops, tick: tick, configure: configure)
    do {
        try await body(server)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

/// Hands requests that wait from the loops to the test.
final class Requests: Sendable {
    private let waiting = Lock<[WaitingRequest]>([])
    private let changed = Signal()

    func add(_ request: WaitingRequest) {
        waiting.withLock { $0.append(request) }
        changed.notify()
    }

    func next() -> WaitingRequest? {
        changed.wait(within: 30) { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }
}

/// A request that the test answers.
final class WaitingRequest: Sendable {
    let responder: LoopBound<WaitingResponder>
    /// True when the connection was cut or left.
    let ended = Note<Bool>()
    /// Status and body bytes of its response at its end.
    let sent = Note<[Int]>()
    /// True when it saw a tick before its end.
    let ticked = Note<Bool>()
    let wakeUp: @Sendable () -> Void
    let wakeUps = LoopCount()

    init(_ connection: ClientConnection) {
        wakeUp = connection.wakeUp
        let responder = WaitingResponder(connection, (ended, sent, ticked), wakeUps)
        self.responder = LoopBound(responder, on: connection.eventLoop)
        connection.responder = responder
    }

    /// Calls `body` on the loop.
    func run(_ body: @escaping @Sendable (ClientConnection) -> Void) {
        responder.loop.post { [responder] in
            if let connection = responder.value.connection { body(connection) }
        }
    }

    func respond(_ text: String) {
        run { connection in
            var head = connection.head(200)
            connection.respond(&head, Bytes(text))
        }
    }
}

/// Counts on one loop, is read by any thread.
final class LoopCount: Sendable {
    private let count = Lock(0)
    let changed = Signal()

    var current: Int { count.withLock { $0 } }

    func add() {
        count.withLock { $0 += 1 }
        changed.notify()
    }
}

final class WaitingResponder: Responder {
    private(set) var connection: ClientConnection?
    private let notes: (ended: Note<Bool>, sent: Note<[Int]>, ticked: Note<Bool>)
    private let wakeUps: LoopCount

    init(
        _ connection: ClientConnection, _ notes: (ended: Note<Bool>, sent: Note<[Int]>, ticked: Note<Bool>),
        _ wakeUps: LoopCount
    ) {
        self.connection = connection
        self.notes = notes
        self.wakeUps = wakeUps
    }

    func woken() {
        wakeUps.add()
    }

    func tick(_ now: MonotonicTime, isClientSlow: Bool) {
        notes.ticked.write(true)
    }

    func ended(isAborted: Bool) {
        notes.sent.write([connection?.status ?? 0, Int(connection?.bodyBytes ?? 0)])
        connection = nil
        if notes.ticked.read(within: 0) == nil { notes.ticked.write(false) }
        notes.ended.write(isAborted)
    }
}

/// Takes no body until the bytes that it sent first have left.
final class BudgetResponder: Responder {
    private var connection: ClientConnection?
    private(set) var takesBody = false

    /// Tells when the bytes have left, on the connection's loop.
    private final class Budget: @unchecked Sendable {
        // Unchecked: it ends on the loop.
        private let responder: BudgetResponder

        init(_ responder: BudgetResponder) {
            self.responder = responder
        }

        deinit {
            responder.takesBody = true
            responder.connection?.resume()
        }
    }

    init(_ connection: ClientConnection) {
        self.connection = connection
    }

    func start() {
        guard let connection else { return }
        var head = connection.head(200)
        connection.begin(&head, .streamed)
        connection.send(.leased(Bytes("first "), Budget(self)))
    }

    func bodyCame(_ bytes: Bytes) {
        connection?.send(bytes)
    }

    func bodyEnded() {
        connection?.end()
    }

    func ended(isAborted: Bool) {
        connection = nil
    }
}

/// Sends the request's body back, as fast as the client takes it.
final class EchoResponder: Responder {
    private var connection: ClientConnection?

    init(_ connection: ClientConnection) {
        self.connection = connection
    }

    var takesBody: Bool { connection?.isWritable == true }

    func bodyCame(_ bytes: Bytes) {
        guard let connection else { return }
        if !connection.isHeadSent {
            var head = connection.head(200)
            connection.begin(&head, .streamed)
        }
        connection.send(bytes)
    }

    func bodyEnded() {
        guard let connection else { return }
        if !connection.isHeadSent {
            var head = connection.head(200)
            connection.begin(&head, .streamed)
        }
        connection.end()
    }

    func ended(isAborted: Bool) {
        connection = nil
    }
}

/// Sends a body in pieces whenever there is room.
final class PiecesResponder: Responder {
    private var connection: ClientConnection?
    private let whole: Bytes
    private var sent = 0
    private let piece: Int

    init(_ connection: ClientConnection, count: Int, piece: Int) {
        self.connection = connection
        whole = Pattern.bytes(count)
        self.piece = piece
    }

    func start() {
        guard let connection else { return }
        var head = connection.head(200)
        connection.begin(&head, .length(Int64(whole.count)))
        mayWrite()
    }

    func mayWrite() {
        while let connection, connection.isWritable {
            let count = min(piece, whole.count - sent)
            connection.send(whole.slice(at: sent, count: count))
            sent += count
            if sent == whole.count { return connection.end() }
        }
    }

    func ended(isAborted: Bool) {
        connection = nil
    }
}

enum Pattern {
    static func bytes(_ count: Int) -> Bytes {
        Bytes(unsafeUninitializedCapacity: count) { room in
            for index in 0..<count { room[index] = byte(index) }
            return count
        }
    }

    static func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 31 >> 3) }

    static func array(_ count: Int) -> [UInt8] { (0..<count).map(byte) }
}

/// A file that is removed when nothing holds it any more, and tells so.
final class LeasedFile: Sendable {
    let descriptor: Int32
    static let open = LoopCount()
    static let closed = LoopCount()

    init(_ count: Int) {
        var path = Array("/tmp/http-server-test-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        unlink(path)
        try? Pattern.bytes(count).withUnsafeBytes { bytes throws(Errno) in try System.writeAll(descriptor, bytes) }
        Self.open.add()
    }

    deinit {
        close(descriptor)
        Self.closed.add()
    }
}

/// Does what the path says: `/bytes/10`, `/file/10`, `/pieces/10/5`, `/wait` and so on.
final class TestApplication: Application {
    private let requests: Requests

    init(_ requests: Requests) {
        self.requests = requests
    }

    func refuse(_ error: RequestError, on connection: ClientConnection) {
        var head = connection.head(error.status)
        head.field("X-Dragonfly-Error-Type", "proxy")
        connection.respond(&head, Bytes(error.message + "\n"))
    }

    func respond(to head: RequestHead, on connection: ClientConnection) {
        if head.method == .connect { return connection.fail(.unknownMethod) }
        if connection.isDraining {
            return connection.fail(RequestError(status: 503, message: "The server is stopping."))
        }
        let words = head.text(head.path).split(separator: "/").map(String.init)
        let numbers = words.dropFirst().compactMap { Int($0) }
        switch words.first {
        case "bytes": bytes(numbers[0], connection)
        case "file": file(numbers[0], connection)
        case "pieces":
            let responder = PiecesResponder(connection, count: numbers[0], piece: numbers[1])
            connection.responder = responder
            responder.start()
        case "wait": requests.add(WaitingRequest(connection))
        case "echo": connection.responder = EchoResponder(connection)
        case "stream": stream(numbers[0], connection)
        case "interim": interim(connection)
        case "short": promise(10, send: 9, connection)
        case "long": promise(10, send: 11, connection)
        case "truncated": truncated(connection)
        case "unreadable": unreadable(connection)
        case "twice": twice(connection)
        case "empty":
            var head = connection.head(204)
            head.field("X", String(repeating: "x", count: numbers[0]))
            connection.respond(&head, Bytes())
        case "none":
            var head = connection.head(304)
            head.field("X", String(repeating: "x", count: numbers[0]))
            connection.begin(&head, .none)
            connection.end()
        case "budget":
            let responder = BudgetResponder(connection)
            connection.responder = responder
            responder.start()
        default: connection.fail(RequestError(status: 404, message: "There is no such path."))
        }
    }

    private func bytes(_ count: Int, _ connection: ClientConnection) {
        var head = connection.head(200)
        connection.respond(&head, Pattern.bytes(count))
    }

    private func file(_ count: Int, _ connection: ClientConnection) {
        let file = LeasedFile(count)
        var head = connection.head(200)
        connection.begin(&head, .length(Int64(count)))
        connection.send(.file(FileExtent(descriptor: file.descriptor, offset: 0, count: count, lease: file)))
        connection.end()
    }

    private func stream(_ count: Int, _ connection: ClientConnection) {
        var head = connection.head(200)
        connection.begin(&head, .streamed)
        connection.send(Pattern.bytes(count))
        connection.end()
    }

    private func interim(_ connection: ClientConnection) {
        var early = connection.head(103)
        early.field("Link", "</a>")
        connection.interim(&early)
        bytes(3, connection)
    }

    private func promise(_ promised: Int64, send count: Int, _ connection: ClientConnection) {
        var head = connection.head(200)
        connection.begin(&head, .length(promised))
        connection.send(Pattern.bytes(count))
        connection.end()
    }

    private func truncated(_ connection: ClientConnection) {
        let file = LeasedFile(10)
        var head = connection.head(200)
        connection.begin(&head, .length(100))
        connection.send(.file(FileExtent(descriptor: file.descriptor, offset: 0, count: 100, lease: file)))
        connection.end()
    }

    /// A part of a file that can't be read, behind bytes of a body that only the connection's end ends.
    private func unreadable(_ connection: ClientConnection) {
        let (file, descriptor) = (LeasedFile(1), open("/dev/null", O_WRONLY))
        var head = connection.head(200)
        connection.begin(&head, .streamed)
        connection.send(Pattern.bytes(10))
        connection.send(.file(FileExtent(descriptor: descriptor, offset: 0, count: 100, lease: file)))
        connection.end()
        connection.eventLoop.later { close(descriptor) }
    }

    private func twice(_ connection: ClientConnection) {
        var head = connection.head(200)
        var other = HeadBytes(status: 500)
        connection.begin(&head, .streamed)
        connection.send(Pattern.bytes(10))
        connection.respond(&other, Bytes("It went wrong."))
    }
}

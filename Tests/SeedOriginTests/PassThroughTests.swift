import EventLoops
import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

/// The client's side of a request that passes through, on a loop of its own.
final class PassThroughClient: Sendable {
    struct Record {
        var interim: [Int] = []
        var heads: [TransferHead] = []
        var body: [UInt8] = []
        var trailers: [HTTPFields] = []
        var wishes = 0
        var outcomes: [PassThroughOutcome] = []
        var isRefused = false
        /// Events after the end, or not on the client's loop.
        var misuses = 0
    }

    let loop = EventLoop(name: "client")
    private let record = Lock(Record())
    private let changed = Signal()
    private let transfer = Lock<LoopBound<PassThroughTransfer>?>(nil)
    private let takesBytes: Bool

    /// - Parameter takesBytes: gives room back as bytes come.
    init(takesBytes: Bool = true) {
        self.takesBytes = takesBytes
    }

    func start(_ request: PassThroughRequest, at gateway: OriginGateway) {
        loop.post { [self] in
            let transfer = gateway.passThrough(request, on: loop) { [unowned self] in take($0) }
            if let transfer {
                let bound = LoopBound(transfer, on: loop)
                self.transfer.withLock { $0 = bound }
            } else {
                record.withLock { $0.isRefused = true }
                changed.notify()
            }
        }
    }

    private func take(_ event: PassThroughEvent) {
        record.withLock { record in
            if !record.outcomes.isEmpty || !loop.isCurrent { record.misuses += 1 }
            switch event {
            case .interim(let head): record.interim.append(head.status)
            case .head(let head): record.heads.append(head)
            case .body(let bytes): record.body += bytes
            case .trailers(let fields): record.trailers.append(fields)
            case .bodyWanted: record.wishes += 1
            case .end(let outcome): record.outcomes.append(outcome)
            }
        }
        if takesBytes, case .body(let bytes) = event { transfer.withLock { $0 }?.value.took(bytes.count) }
        changed.notify()
    }

    /// Does something with the transfer on the client's loop, and waits for it.
    @discardableResult
    func onLoop<Result: Sendable>(_ work: @escaping @Sendable (PassThroughTransfer) -> Result) -> Result? {
        let note = Note<Result>()
        loop.post { [transfer] in
            if let transfer = transfer.withLock({ $0 }) { note.write(work(transfer.value)) }
        }
        return note.read()
    }

    var now: Record { record.withLock { $0 } }

    func outcome() -> PassThroughOutcome? {
        changed.wait(within: 20) { self.now.outcomes.first }
    }

    func error() -> OriginError? {
        if case .failed(let error) = outcome() { error } else { nil }
    }

    func wait(until isSo: (Record) -> Bool) -> Bool {
        changed.wait(within: 20) { isSo(self.now) ? true : nil } ?? false
    }

    func stop() {
        loop.post { [transfer] in transfer.withLock { $0 = nil } }
        loop.stop()
    }
}

@Suite("Requests that pass through")
struct PassThroughTests {
    private func withClient(
        _ adjust: (inout OriginConfiguration) -> Void = { _ in }, takesBytes: Bool = true,
        _ handler: @escaping RawServer.Handler, run: (RawServer, OriginGateway, PassThroughClient) throws -> Void
    ) throws {
        let server = try RawServer(handler)
        let gateway = OriginGateway.forLoopback(adjust)
        let client = PassThroughClient(takesBytes: takesBytes)
        defer {
            gateway.shutdown()
            client.stop()
            server.stop()
        }
        try run(server, gateway, client)
    }

    private func request(
        to port: UInt16, host: String = "127.0.0.1", _ method: HTTPMethod = .get, target: String = "/",
        body: PassThroughRequest.Framing = .none, fields: HTTPFields = [.host: "Name:80"]
    ) -> PassThroughRequest {
        PassThroughRequest(
            isTLS: false, host: host, port: Int(port), method: method, target: Array(target.utf8),
            absoluteTarget: Array("http://Name:80\(target)".utf8), fields: fields, body: body)
    }

    @Test("It leaves octet for octet, and what comes back is handed on as it comes")
    func whole() throws {
        let heads = Lock<[String]>([])
        try withClient { client, number in
            let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
            heads.withLock { $0.append(head) }
            try client.send(
                "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n")
            try client.send("5\r\nhello\r\n0\r\nX-Trailer: 2\r\n\r\n")
        } run: { server, gateway, client in
            client.start(request(to: server.port, target: "/a/../b%2F?"), at: gateway)
            #expect(client.outcome() == .complete)
            #expect(client.now.interim == [103])
            #expect(client.now.heads.map(\.status) == [200])
            #expect(client.now.heads.first?.fields.first(HTTPField.Name("X-A")!)?.text == "1")
            #expect(client.now.body == Array("hello".utf8))
            #expect(client.now.trailers.map { $0.map(\.description) } == [["X-Trailer: 2"]])
            let again = PassThroughClient()
            again.start(request(to: server.port), at: gateway)
            #expect(again.outcome() == .complete)
            again.stop()
            #expect(server.acceptedConnections == 2)
            #expect(client.now.misuses == 0)
        }
        #expect(
            heads.withLock { $0 } == [
                "GET /a/../b%2F? HTTP/1.1\r\nHost: Name:80\r\n\r\n", "GET / HTTP/1.1\r\nHost: Name:80\r\n\r\n",
            ])
    }

    @Test("A body goes out as it is sent, in either framing, and room is told of", arguments: [true, false])
    func body(_ isChunked: Bool) throws {
        // More than the kernel's buffers on both sides hold, with no length of its own that repeats.
        let part = pattern(999_983)
        let body = (0..<16).reduce(into: [UInt8]()) { body, _ in body += part }
        let seen = Note<[UInt8]>()
        let goes = Note<Bool>()
        try withClient { client, _ in
            _ = try client.readHeadBytes()
            _ = goes.read()
            seen.write(isChunked ? try client.readChunkedBody() : try client.read(exactly: body.count))
            try client.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        } run: { server, gateway, client in
            let framing: PassThroughRequest.Framing = isChunked ? .chunked : .length(Int64(body.count))
            client.start(request(to: server.port, .post, body: framing), at: gateway)
            var sent = 0
            var refusals = 0
            while sent < body.count {
                let part = Bytes(body[sent..<min(body.count, sent + 100_000)])
                let wishes = client.now.wishes
                sent += part.count
                if client.onLoop({ $0.send(part) }) == false {
                    refusals += 1
                    // Only now is anything read: all buffers are full.
                    goes.write(true)
                    #expect(client.wait { $0.wishes > wishes })
                }
            }
            client.onLoop { $0.endBody() }
            #expect(client.outcome() == .complete)
            #expect(refusals > 0)
            #expect(client.now.heads.map(\.status) == [201])
        }
        #expect(seen.read() == body)
    }

    @Test("No more than 256 KiB are under way to a client that takes nothing, and nothing is lost")
    func window() throws {
        let body = pattern(3_000_000)
        try withClient(takesBytes: false) { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            try client.send(body)
        } run: { server, gateway, client in
            client.start(request(to: server.port), at: gateway)
            var taken = 0
            while taken < body.count {
                // As much as fits, or the rest.
                #expect(client.wait { $0.body.count - taken >= min(192 << 10, body.count - taken) })
                let count = client.now.body.count - taken
                #expect(count <= 256 << 10)
                taken += count
                client.onLoop { $0.took(count) }
            }
            #expect(client.outcome() == .complete)
            #expect(client.now.body == body)
        }
    }

    @Test("A client that leaves ends it: the connection is closed, and no event follows")
    func cancelled() throws {
        let isClosed = Note<Bool>()
        try withClient { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome")
            // Its orderly end or its reset.
            isClosed.write((try? client.read().isEmpty) ?? true)
        } run: { server, gateway, client in
            client.start(request(to: server.port), at: gateway)
            #expect(client.wait { $0.body.count == 4 })
            client.onLoop {
                $0.cancel()
                $0.cancel()
                $0.took(4)
                $0.endBody()
            }
            #expect(isClosed.read() == true)
            #expect(client.now.outcomes.isEmpty && client.now.misuses == 0)
        }
    }

    @Test("So many are under way at once and no more, and each end gives its place back")
    func limit() throws {
        let stall = Note<Bool>()
        try withClient({ $0.passThroughsInAll = 2 }) { client, _ in
            _ = try client.readHeadBytes()
            _ = stall.read()
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        } run: { server, gateway, first in
            let (second, third, fourth) = (PassThroughClient(), PassThroughClient(), PassThroughClient())
            defer { for client in [second, third, fourth] { client.stop() } }
            for client in [first, second] { client.start(request(to: server.port), at: gateway) }
            #expect(eventually { server.acceptedConnections == 2 })
            third.start(request(to: server.port), at: gateway)
            #expect(third.wait { $0.isRefused })
            // The cached way has places of its own.
            let recorder = SeedOriginTests.Recorder()
            _ = gateway.start(OriginRequest(url: server.url), into: recorder)
            #expect(eventually { server.acceptedConnections == 3 })
            second.onLoop { $0.cancel() }
            stall.write(true)
            #expect(first.outcome() == .complete)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            fourth.start(request(to: server.port), at: gateway)
            #expect(fourth.outcome() == .complete)
        }
    }

    @Test(
        "Guard and own listeners are judged as for the cached way",
        arguments: ["127.0.0.1", "localhost", "::ffff:127.0.0.1"])
    func guarded(_ host: String) throws {
        try withClient({ $0.allowedAddresses = [] }) { _, _ in
        } run: { server, gateway, client in
            client.start(request(to: server.port, host: host), at: gateway)
            #expect(client.error()?.kind == .blocked)
            #expect(server.acceptedConnections == 0)
        }
        try withClient { _, _ in
        } run: { server, gateway, client in
            gateway.own.add(try #require(SocketAddress(ip: "0.0.0.0", port: server.port)))
            client.start(request(to: server.port, host: host), at: gateway)
            #expect(client.error()?.kind == .loop)
            #expect(server.acceptedConnections == 0)
        }
    }

    @Test("The breaker hears of failures to connect only, and is obeyed")
    func breaker() throws {
        let closed = try ClosedPort()
        try withClient({ $0.failuresToOpenCircuit = 2 }) { client, number in
            _ = try client.readHeadBytes()
            if number % 2 == 0 { try client.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") }
        } run: { server, gateway, _ in
            func ask(_ port: UInt16) -> (status: Int?, error: OriginError?) {
                let client = PassThroughClient()
                defer { client.stop() }
                client.start(request(to: port), at: gateway)
                _ = client.outcome()
                return (client.now.heads.first?.status, client.error())
            }
            for _ in 0..<3 {
                #expect(ask(server.port).status == 503)
                #expect(ask(server.port).error?.kind == .cut)
            }
            #expect((0..<2).map { _ in ask(closed.port).error?.kind } == [.unreachable, .unreachable])
            let refused = ask(closed.port).error
            #expect(refused?.kind == .circuitOpen && refused?.retryAfter != nil)
            // The cached way hears of it, too.
            let recorder = SeedOriginTests.Recorder()
            _ = gateway.start(OriginRequest(url: closed.url), into: recorder)
            #expect(recorder.error()?.kind == .circuitOpen)
        }
    }

    @Test("A plain proxy gets the absolute form and its own credentials, and its 407 is a failure")
    func proxy() throws {
        let heads = Lock<[String]>([])
        let server = try RawServer { client, number in
            let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
            heads.withLock { $0.append(head) }
            let status = number == 0 ? "200 OK" : "407 Proxy Authentication Required"
            try client.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
        }
        let gateway = OriginGateway.forLoopback { $0.transfers.proxy = "http://user:secret@127.0.0.1:\(server.port)" }
        let (client, refused) = (PassThroughClient(), PassThroughClient())
        client.start(request(to: 80, host: "origin.invalid", target: "/x?"), at: gateway)
        #expect(client.outcome() == .complete)
        refused.start(request(to: 80, host: "origin.invalid"), at: gateway)
        #expect(refused.error()?.kind == .badResponse && refused.now.heads.isEmpty)
        gateway.shutdown()
        for client in [client, refused] { client.stop() }
        server.stop()
        #expect(
            heads.withLock { $0 }.first
                == "GET http://Name:80/x? HTTP/1.1\r\nHost: Name:80\r\n"
                + "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n")
    }

    @Test("It is HTTP/1.1 whatever the configuration says of the cached way")
    func version() throws {
        let seen = Note<[UInt8]>()
        try withClient({ $0.httpVersion = .http2 }) { client, _ in
            seen.write(try client.readHeadBytes())
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        } run: { server, gateway, client in
            client.start(request(to: server.port), at: gateway)
            #expect(client.outcome() == .complete)
        }
        #expect(String(decoding: try #require(seen.read()), as: UTF8.self).hasPrefix("GET / HTTP/1.1\r\n"))
    }

    @Test("A silent origin is a timeout, and the end of the gateway an end for all")
    func ends() throws {
        let stall = Note<Bool>()
        try withClient({ $0.passThroughTimeout = .milliseconds(200) }) { client, _ in
            _ = try client.readHeadBytes()
            _ = stall.read()
        } run: { server, gateway, client in
            client.start(request(to: server.port), at: gateway)
            #expect(client.error()?.kind == .timeout)
            stall.write(true)
        }
        try withClient { client, _ in
            _ = try client.readHeadBytes()
            _ = try? client.read()
        } run: { server, gateway, client in
            client.start(request(to: server.port), at: gateway)
            #expect(eventually { server.acceptedConnections == 1 })
            gateway.shutdown()
            #expect(client.error()?.kind == .local)
            let late = PassThroughClient()
            defer { late.stop() }
            late.start(request(to: server.port), at: gateway)
            #expect(late.error()?.kind == .local)
            #expect(client.now.misuses == 0)
        }
    }
}

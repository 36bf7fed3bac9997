import EventLoops
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Servers that begin and end")
struct ServerLifeTests {
    private static let loopback = SocketAddress(.v4(0x7f00_0001), port: 0)
    private let group = EventLoopGroup(count: 2, name: "test", tickInterval: .milliseconds(5))
    private let requests = Requests()

    private func start(_ addresses: SocketAddress...) throws -> Server {
        try Server.start(ServerConfiguration(addresses: addresses), loops: group.loops) { [requests] _ in
            TestApplication(requests)
        }
    }

    private func client(of server: Server) throws -> RawClient { try RawClient(port: Int(server.addresses[0].port)) }

    /// Waits for some ticks of each loop.
    private func tick() {
        for loop in group.loops {
            let ticked = Note<Bool>()
            loop.post {
                var (tick, count): (Tick?, Int) = (nil, 0)
                tick = loop.addTick { _ in
                    count += 1
                    guard count == 3 else { return }
                    tick?.cancel()
                    tick = nil
                    ticked.write(true)
                }
            }
            #expect(ticked.read() == true)
        }
    }

    @Test("A server that can't listen leaves nothing on loops that go on")
    func failedStart() async throws {
        let first = try start(Self.loopback)
        #expect(throws: ListenError.self) { try start(Self.loopback, first.addresses[0]) }
        tick()
        let client = try client(of: first)
        try client.send("GET /bytes/3 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try client.readResponse().body == Pattern.array(3))
        await first.drain(within: .zero)
        group.stop()
    }

    @Test("A server that is let go of cuts its connections and closes its ports")
    func dropped() throws {
        var server: Server? = try start(Self.loopback)
        let port = try #require(server?.addresses[0].port)
        let client = try RawClient(port: Int(port))
        try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        let request = try #require(requests.next())
        server = nil
        #expect(request.ended.read() == true)
        #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        #expect(eventually { LoopbackSocket.connect(port: port) == nil })
        tick()
        group.stop()
    }

    private static let wait = "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let three = "GET /bytes/3 HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test("A server that leaves serves on, kept and new connections, each for one more response")
    func leaves() async throws {
        let server = try start(Self.loopback)
        let kept = try client(of: server)
        try kept.send(Self.three)
        #expect(try kept.readResponse()["Connection"] == nil)
        server.leave()
        tick()
        for client in [kept, try client(of: server)] {
            try client.send(Self.three)
            let response = try client.readResponse()
            #expect(response.body == Pattern.array(3))
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
        #expect(await server.drain(within: .zero) == DrainOutcome())
        group.stop()
    }

    @Test("A drain tells how many of the responses that were running were finished, and how many cut")
    func outcome() async throws {
        let server = try start(Self.loopback)
        let clients = try (0..<3).map { _ in try client(of: server) }
        let idle = try client(of: server)
        var waiting: [WaitingRequest] = []
        for client in clients {
            try client.send(Self.wait)
            waiting.append(try #require(requests.next()))
        }
        let outcome = Note<DrainOutcome>()
        server.drain(within: .seconds(60)) { outcome.write($0) }
        #expect(try idle.readToEnd().isEmpty)
        waiting[1].respond("done")
        #expect(try clients[1].readResponse().text == "done")
        #expect(try clients[1].readToEnd().isEmpty)
        server.drain(within: .zero) { _ in }
        let told = try #require(outcome.read())
        #expect(told.finished == 1)
        #expect(told.cut == 2)
        group.stop()
    }

    /// The one loop is busy while the request comes and the drain begins.
    @Test("Requests that have come when the drain begins are served, on an idle connection and on one not accepted yet")
    func requestAtTheEnd() throws {
        let group = EventLoopGroup(count: 1, name: "test", tickInterval: .milliseconds(5))
        let server = try Server.start(ServerConfiguration(addresses: [Self.loopback]), loops: group.loops) {
            [requests] _ in TestApplication(requests)
        }
        let client = try client(of: server)
        try client.send(Self.three)
        #expect(try client.readResponse()["Connection"] == nil)
        let (isBusy, isDraining) = (Note<Bool>(), Note<Bool>())
        group.loops[0].post {
            isBusy.write(true)
            _ = isDraining.read()
        }
        #expect(isBusy.read() == true)
        // More than are accepted in one turn.
        let waiting = try (0..<100).map { _ in try self.client(of: server) }
        for client in [client] + waiting { try client.send(Self.three) }
        server.drain(within: .seconds(60)) { _ in }
        isDraining.write(true)
        for client in [client] + waiting {
            let response = try client.readResponse()
            #expect(response.body == Pattern.array(3))
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
        group.stop()
    }

    @Test("A drain goes on when the server that began it is let go of")
    func droppedWhileDraining() throws {
        var server: Server? = try start(Self.loopback)
        let client = try client(of: #require(server))
        try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        let request = try #require(requests.next())
        let drained = Note<Bool>()
        server?.drain(within: .seconds(60)) { _ in drained.write(true) }
        server = nil
        tick()
        request.respond("done")
        #expect(try client.readResponse().text == "done")
        #expect(try client.readToEnd().isEmpty)
        #expect(drained.read() == true)
        group.stop()
    }

    @Test("A server ends with its loops, and can be drained and let go of afterwards")
    func stoppedLoops() throws {
        let server = try start(Self.loopback)
        let client = try client(of: server)
        try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        let request = try #require(requests.next())
        group.stop()
        #expect(request.ended.read() == true)
        #expect(throws: RawClient.Failure.reset) { try client.readToEnd() }
        #expect(throws: RawClient.Failure.self) { try self.client(of: server) }
        #expect(server.counters.connections == 0)
        let drained = Note<Bool>()
        server.drain(within: .seconds(60)) { _ in drained.write(true) }
        #expect(drained.read() == true)
    }

    @Test("What is done on each loop comes to its end also when the server has left them")
    func onEachLoop() async throws {
        let server = try start(Self.loopback)
        let (before, after, calls) = (Note<Bool>(), Note<Bool>(), Lock<Int>(0))
        server.onEachLoop({ _ in calls.withLock { $0 += 1 } }, then: { before.write(true) })
        #expect(before.read() == true)
        #expect(calls.withLock { $0 } == 2)
        await server.drain(within: .zero)
        server.onEachLoop({ _ in calls.withLock { $0 += 1 } }, then: { after.write(true) })
        #expect(after.read(within: 5) == true)
        #expect(calls.withLock { $0 } == 2)
        group.stop()
    }
}

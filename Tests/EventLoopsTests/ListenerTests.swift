import EventLoops
import Glibc
import SeedSupport
import SeedTestSupport
import Testing

@Suite(.serialized) struct ListenerTests {
    private final class Server: Sendable {
        let group: EventLoopGroup
        let accepted = Lock<[[AcceptedSocket]]>([])
        let changed = Signal()
        let refused = Lock(0)
        let listener: Listener

        init(loops: Int = 2, at address: String = "127.0.0.1", unsentLimit: Int? = nil) throws {
            group = EventLoopGroup(count: loops, name: "test")
            accepted.withLock { $0 = Array(repeating: [], count: loops) }
            let all = group.loops
            let handler = Listener.Handler(
                load: { [accepted] index in accepted.withLock { $0[index].count } },
                accept: { [accepted, changed] socket, loop in
                    let index = all.firstIndex { $0 === loop }
                    accepted.withLock { if let index, loop.isCurrent { $0[index].append(socket) } }
                    changed.notify()
                },
                refused: { [refused] in refused.withLock { $0 += 1 } })
            let address = try #require(SocketAddress(ip: address, port: 0))
            listener = try Listener.listen(on: address, unsentLimit: unsentLimit, loops: all, handler: handler)
        }

        func wait(for count: Int) -> Bool {
            changed.wait(within: 30) { counts.reduce(0, +) >= count ? true : nil } ?? false
        }

        var counts: [Int] { accepted.withLock { $0.map(\.count) } }

        func stop() {
            let closed = Note<Bool>()
            listener.close { closed.write(true) }
            _ = closed.read()
            group.stop()
            for socket in accepted.withLock({ $0 }).joined() { close(socket.descriptor) }
        }
    }

    @Test(arguments: ["127.0.0.1", "::1"]) func acceptsOnBothFamilies(address: String) throws {
        let server = try Server(at: address)
        defer { server.stop() }
        #expect(server.listener.address.port > 0)
        let client = try Socket.connect(to: server.listener.address)
        defer { close(client) }
        #expect(server.wait(for: 1))
        let peer = server.accepted.withLock { $0.joined().first?.peer }
        #expect(try Socket.localAddress(client) == peer)
    }

    @Test func connectionsAreSharedAmongLoops() throws {
        let server = try Server(loops: 3)
        defer { server.stop() }
        var clients: [Int32] = []
        for count in 1...9 {
            clients.append(try #require(LoopbackSocket.connect(port: server.listener.address.port)))
            #expect(server.wait(for: count))
        }
        #expect(server.counts == [3, 3, 3])
        for client in clients { close(client) }
    }

    @Test func thePortIsFreeAfterTheEnd() throws {
        let server = try Server()
        let address = server.listener.address
        server.stop()
        #expect(LoopbackSocket.connect(port: address.port) == nil)
        let group = EventLoopGroup(count: 1, name: "test")
        defer { group.stop() }
        let again = try Listener.listen(
            on: address, loops: group.loops, handler: .init(load: { _ in 0 }, accept: { _, _ in }))
        #expect(again.address == address)
        again.close()
    }

    private static let deaf = Listener.Handler(
        load: { _ in 0 },
        accept: {
            Socket.reset($0.descriptor); _ = $1
        })

    @Test func aListenerThatIsDroppedCloses() throws {
        let group = EventLoopGroup(count: 1, name: "test")
        defer { group.stop() }
        let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
        let port = try Listener.listen(on: address, loops: group.loops, handler: Self.deaf).address.port
        // Closed by what was posted before this.
        let done = Note<Bool>()
        group.loops[0].post { done.write(true) }
        #expect(done.read() == true)
        #expect(LoopbackSocket.connect(port: port) == nil)
    }

    @Test func theEndOfItsLoopClosesAListener() throws {
        let group = EventLoopGroup(count: 1, name: "test")
        let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
        let listener = try Listener.listen(on: address, loops: group.loops, handler: Self.deaf)
        group.stop()
        #expect(LoopbackSocket.connect(port: listener.address.port) == nil)
        let done = Note<Bool>()
        listener.close { done.write(true) }
        #expect(done.read() == true)
    }

    @Test func connectionsHaveTheOptionsOfTheirListener() throws {
        let server = try Server(loops: 1, unsentLimit: 12_345)
        defer { server.stop() }
        let client = try #require(LoopbackSocket.connect(port: server.listener.address.port))
        defer { close(client) }
        #expect(server.wait(for: 1))
        let socket = try #require(server.accepted.withLock { $0[0].first?.descriptor })
        func option(_ name: Int32) -> Int32 {
            var (value, length) = (Int32(-1), socklen_t(4))
            getsockopt(socket, Int32(IPPROTO_TCP), name, &value, &length)
            return value
        }
        #expect(option(TCP_NODELAY) == 1)
        #expect(option(TCP_NOTSENT_LOWAT) == 12_345)
    }

    @Test func aPortInUseIsSaid() throws {
        let server = try Server()
        defer { server.stop() }
        let address = server.listener.address
        let error = #expect(throws: ListenError.self) {
            _ = try Listener.listen(
                on: address, loops: server.group.loops, handler: .init(load: { _ in 0 }, accept: { _, _ in }))
        }
        #expect(
            error?.description
                == "cannot listen on \(address): Address already in use; choose another port, or 0 for any free one")
    }

    @Test func takesASocketThatListensAlready() throws {
        let (socket, port) = try LoopbackSocket.listen()
        let group = EventLoopGroup(count: 1, name: "test")
        defer { group.stop() }
        let came = Note<Bool>()
        let handler = Listener.Handler(
            load: { _ in 0 },
            accept: { socket, _ in
                close(socket.descriptor)
                came.write(true)
            })
        let listener = try Listener.adopt(socket, loops: group.loops, handler: handler)
        #expect(listener.address.port == port)
        let client = try #require(LoopbackSocket.connect(port: port))
        #expect(came.read() == true)
        close(client)
        listener.close()
    }

    /// The first client that finds no descriptor is reset, the next ones are accepted when there are some again.
    @Test func goesOnAfterTheDescriptorsRanOut() throws {
        let server = try Server(loops: 1)
        defer { server.stop() }
        var clients = [try Socket.connect(to: server.listener.address)]
        #expect(server.wait(for: 1))
        // The clients' sockets are there before the descriptors are taken; they connect afterwards.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let sockets = (0..<2).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        var low = limit
        low.rlim_cur = rlim_t(sockets.max() ?? 0) + 1
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low)
        var fillers: [Int32] = []
        while true {
            let filler = dup(sockets[0])
            guard filler >= 0 else { break }
            fillers.append(filler)
        }
        let first = server.listener.address.withRawSocketAddress { raw, length in
            connect(sockets[0], raw.assumingMemoryBound(to: sockaddr.self), length)
        }
        #expect(first == 0)
        var byte: UInt8 = 0
        let refused = recv(sockets[0], &byte, 1, 0)
        let error = errno
        for filler in fillers { close(filler) }
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(refused == -1 && error == ECONNRESET)
        #expect(eventually { server.refused.withLock { $0 } == 1 })
        _ = server.listener.address.withRawSocketAddress { raw, length in
            connect(sockets[1], raw.assumingMemoryBound(to: sockaddr.self), length)
        }
        #expect(server.wait(for: 2))
        clients += sockets
        for client in clients { close(client) }
    }

    @Test func thousandsOfResetsLeaveItAccepting() throws {
        let server = try Server()
        defer { server.stop() }
        for _ in 0..<4_000 {
            if let client = LoopbackSocket.connect(port: server.listener.address.port) { Socket.reset(client) }
        }
        for socket in server.accepted.withLock({ lists in
            defer { lists = lists.map { _ in [] } }
            return Array(lists.joined())
        }) { close(socket.descriptor) }
        let before = server.counts.reduce(0, +)
        let client = try #require(LoopbackSocket.connect(port: server.listener.address.port))
        #expect(server.wait(for: before + 1))
        close(client)
    }

    @Test func tellsWhetherThePeerIsThere() throws {
        let server = try Server(loops: 1)
        defer { server.stop() }
        let client = try #require(LoopbackSocket.connect(port: server.listener.address.port))
        #expect(server.wait(for: 1))
        let socket = try #require(server.accepted.withLock { $0[0].first?.descriptor })
        #expect(Socket.peerState(socket) == .open)
        shutdown(client, Int32(SHUT_WR))
        #expect(eventually { Socket.peerState(socket) == .closedItsSide })
        Socket.reset(client)
        #expect(eventually { Socket.peerState(socket) == .gone })
    }
}

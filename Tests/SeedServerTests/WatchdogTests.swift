import Dispatch
import EventLoops
import Foundation
import HTTPServer
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedServer

@Suite("The watchdog behind /healthy and /ready (rule:watchdog)")
struct WatchdogTests {
    /// A health port over threads of its own; `now` is the test's.
    private struct Bench {
        let loops = EventLoopGroup(count: 2, name: "client")
        let control = EventLoop(name: "control")
        let threads = StoreThreads(count: 2)
        let clock = Lock(MonotonicTime.now())
        let routes: HealthRoutes
        let server: Server

        init() throws {
            var routes = HealthRoutes(loops: loops.loops, threads: [("store", threads)])
            routes.now = { [clock] in clock.withLock { $0 } }
            self.routes = routes
            server = try SmallPort.open("health", SocketAddress(.loopback, port: 0), routes.table, on: control)
        }

        /// Puts the questions, and waits until the loops and the store threads that are free have answered. Then so much time
        /// passes.
        func pass(_ duration: Duration, free loops: [EventLoop], storeThreads: Int = 2) {
            routes.ask(clock.withLock { $0 })
            for loop in loops { Self.wait { loop.post($0) } }
            // Whichever thread had the question has done it when all are at something later.
            let held = (0..<storeThreads).map { _ in Self.block { threads.run($0) } }
            for one in held { one.signal() }
            clock.withLock { $0 = $0 + duration }
        }

        /// A store thread counts as busy until shortly after its work has let others go on.
        func becomesReady() throws {
            try waitUntil("/ready says 200") { try get("/ready").status == 200 }
        }

        /// Blocks something until the result is signalled.
        static func block(_ post: (@escaping @Sendable () -> Void) -> Bool) -> DispatchSemaphore {
            let (isBlocked, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            #expect(
                post {
                    isBlocked.signal()
                    mayGoOn.wait()
                })
            isBlocked.wait()
            return mayGoOn
        }

        private static func wait(_ post: (@escaping @Sendable () -> Void) -> Bool) {
            let isDone = DispatchSemaphore(value: 0)
            if post({ isDone.signal() }) { isDone.wait() }
        }

        func get(_ path: String) throws -> (status: Int, text: String) {
            try Self.get(path, from: server)
        }

        static func get(_ path: String, from server: Server) throws -> (status: Int, text: String) {
            let client = try RawClient(port: Int(server.addresses[0].port))
            try client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let response = try client.readResponse()
            return (response.status, response.text)
        }

        func stop() {
            server.drain(within: .zero) { _ in }
            loops.stop()
            control.stop()
            threads.shutdown()
        }
    }

    @Test("An event loop that doesn't turn is named by /healthy and /ready, until it turns again")
    func stuckLoop() throws {
        let bench = try Bench()
        defer { bench.stop() }
        let (first, second) = (bench.loops.loops[0], bench.loops.loops[1])
        bench.pass(.seconds(60), free: [first, second])
        #expect(try bench.get("/healthy") == (200, ""))
        let blocked = Bench.block { second.post($0) }
        bench.pass(.seconds(9), free: [first])
        #expect(try bench.get("/healthy").status == 200)
        bench.pass(.seconds(2), free: [first])
        for path in ["/healthy", "/ready"] {
            let (status, text) = try bench.get(path)
            #expect(status == 503 && text == "client-1 has not turned for more than 10 s\n")
        }
        blocked.signal()
        bench.pass(.seconds(60), free: [first, second])
        #expect(try bench.get("/healthy").status == 200)
        try bench.becomesReady()
    }

    @Test("A store thread that waits for the disk makes /ready degraded, and leaves /healthy as it is")
    func slowDisk() throws {
        let bench = try Bench()
        defer { bench.stop() }
        let blocked = Bench.block { bench.threads.run($0) }
        bench.clock.withLock { $0 = .now() }
        bench.pass(.seconds(9), free: bench.loops.loops, storeThreads: 1)
        #expect(try bench.get("/ready") == (200, ""))
        bench.pass(.seconds(2), free: bench.loops.loops, storeThreads: 1)
        let (status, text) = try bench.get("/ready")
        #expect(status == 503 && text.hasPrefix("degraded: store-"))
        #expect(try bench.get("/healthy").status == 200)
        blocked.signal()
        bench.pass(.seconds(60), free: bench.loops.loops)
        try bench.becomesReady()
    }

    @Test("Work that no store thread takes makes /ready degraded, too")
    func fullQueue() throws {
        let bench = try Bench()
        defer { bench.stop() }
        let blocked = (0..<2).map { _ in Bench.block { bench.threads.run($0) } }
        bench.pass(.seconds(11), free: bench.loops.loops, storeThreads: 0)
        #expect(try bench.get("/ready").text.contains("degraded: the queue of store has waited"))
        #expect(try bench.get("/healthy").status == 200)
        for one in blocked { one.signal() }
    }

    @Test("Threads that have ended owe no answer")
    func ended() throws {
        let bench = try Bench()
        defer { bench.stop() }
        bench.loops.stop()
        bench.threads.shutdown()
        bench.pass(.seconds(60), free: [], storeThreads: 0)
        #expect(try bench.get("/ready").status == 200)
    }

    @Test("A server of all parts has its clients' loops and that of the origins asked", arguments: [false, true])
    func wholeServer(isOriginLoop: Bool) throws {
        let directory = try TemporaryDirectory()
        let file = directory.path("seed-peer.yaml")
        try SeedPeerProcess.configuration(store: directory.path("store"))
            .write(toFile: file, atomically: true, encoding: .utf8)
        let configuration = try SeedPeerConfiguration.load(file: file).configuration
        let metrics = MetricsRegistry(prefix: "test_")
        let logger = Logger(label: "test", level: .critical) { _ in }
        let components = try Components.open(configuration, metrics: metrics, logger: logger)
        defer { components.close() }
        let (loops, control) = (
            EventLoopGroup(count: 1, name: "client"), EventLoop(name: "control", tickInterval: .milliseconds(10))
        )
        defer {
            control.stop()
            loops.stop()
        }
        // For which each question was put long ago.
        let ports = try Ports.open(
            configuration, components: components, loops: loops.loops, control: control, sockets: ListeningSockets(),
            metrics: metrics, logger: logger, now: { .now() + Watchdog.limit + .seconds(1) })
        defer { ports.close() }
        let stuck = isOriginLoop ? components.origin.loop : loops.loops[0]
        let blocked = Bench.block { stuck.post($0) }
        try waitUntil("\(stuck.name) is named") {
            try Bench.get("/healthy", from: ports.health).text.contains("\(stuck.name) has not turned")
        }
        blocked.signal()
        try waitUntil("it is not any more") { try !Bench.get("/healthy", from: ports.health).text.contains(stuck.name) }
    }
}

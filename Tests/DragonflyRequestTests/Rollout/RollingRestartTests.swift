import DragonflyRequest
import Foundation
import SeedSupport
import SeedTestSupport
import Testing

/// Three real seed peers that are replaced one after another, as the pods of a StatefulSet are: each comes back with its
/// store and its name, at another port. As discovery it names those that are ready.
private final class RollingGroup: SeedPeerDiscovery {
    private struct Member {
        var process: SeedPeerProcess
        var peer: SeedPeer?
    }

    private let directories: [TemporaryDirectory]
    private let drainDelay: String
    private let members: Lock<[Member]>

    /// - Parameter drainDelay: as long as a client may take from its choice of a seed peer to its connection.
    init(drainDelay: String = "500ms") throws {
        self.drainDelay = drainDelay
        directories = try (0..<3).map { _ in try TemporaryDirectory() }
        members = Lock([])
        for number in 0..<3 {
            let process = try start(in: directories[number])
            let peer = try Self.peer(number, process)
            members.withLock { $0.append(Member(process: process, peer: peer)) }
        }
    }

    private func start(in directory: TemporaryDirectory, store: String = "store") throws -> SeedPeerProcess {
        try SeedPeerProcess(
            store: directory.path(store), in: directory, shutdown: "drainDelay: \(drainDelay), timeout: 20s")
    }

    private static func peer(_ number: Int, _ process: SeedPeerProcess) throws -> SeedPeer {
        try SeedPeer(name: "seed-peer-\(number)", host: "127.0.0.1", port: process.port())
    }

    var ready: [SeedPeer] { members.withLock { $0.compactMap(\.peer) } }

    func seedPeers() -> [SeedPeer] { ready }

    /// Clients learn that it leaves once it says so itself.
    /// - Parameter store: another name for an empty one.
    func restart(_ number: Int, store: String = "store") throws {
        let old = members.withLock { $0[number].process }
        old.send(SIGTERM)
        guard try old.get(path: "/ready", from: "health").status == 503 || old.waits(for: "leaving") else {
            throw FixtureError("it doesn't say that it leaves")
        }
        members.withLock { $0[number].peer = nil }
        guard old.exitCode == 0 else { throw FixtureError("it doesn't stop in order: \(old.errorText)") }
        let process = try start(in: directories[number], store: store)
        let peer = try Self.peer(number, process)
        members.withLock { $0[number] = Member(process: process, peer: peer) }
    }

    func process(_ name: String) -> SeedPeerProcess? {
        members.withLock { members in members.first { $0.peer?.name == name }?.process }
    }

    func stop() { members.withLock { members in members.forEach { $0.process.kill() } } }
}

@Suite("Real seed peers in a rollout", .serialized)
struct RollingRestartTests {
    private static let length = 6 << 20

    private final class Origin: Sendable {
        let directory: TemporaryDirectory
        let nginx: Nginx
        let object: [UInt8]

        init() throws {
            directory = try TemporaryDirectory()
            var generator = SystemRandomNumberGenerator()
            object = (0..<RollingRestartTests.length / 8).flatMap { _ in
                withUnsafeBytes(of: generator.next()) { Array($0) }
            }
            for number in 0..<8 { try Data(object).write(to: URL(filePath: directory.path("object\(number)"))) }
            nginx = try Nginx(serving: directory.path)
        }

        deinit { nginx.stop() }
    }

    /// What clients ask for while the group is restarted, and what came of it.
    private struct Load: Sendable {
        let url: String
        let object: [UInt8]
        let isOver = Lock(false)
        let right = Lock(0)
        let failures = Lock<[String]>([])

        func request(_ number: Int) -> (request: GetRequest, range: Range<Int64>) {
            let start = Int64(number &* 77_777 % (RollingRestartTests.length - 100_000))
            let range = start..<(start + Int64(1 + number % 90_000))
            return (GetRequest(url: "\(url)/object\(number % 8)", range: range), range)
        }

        /// One request after another until the load is over.
        func run(from first: Int, _ get: (GetRequest, inout [UInt8]) async throws -> Void) async {
            var number = first
            while !isOver.withLock({ $0 }), !Task.isCancelled {
                number += 7
                let (request, range) = request(number)
                var bytes: [UInt8] = []
                do {
                    try await get(request, &bytes)
                    let isRight = bytes.elementsEqual(object[Int(range.lowerBound)..<Int(range.upperBound)])
                    isRight ? right.withLock { $0 += 1 } : failures.withLock { $0.append("wrong bytes") }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
    }

    @Test(
        "All are restarted under load, with their stores or empty ones: no request of the SDK is lost, whatever its replicas",
        arguments: ["store", "empty"])
    func sdk(store: String) async throws {
        let origin = try await blocking { try Origin() }
        let group = try await blocking { try RollingGroup() }
        defer { group.stop() }
        let load = Load(url: origin.nginx.url, object: origin.object)
        let client = try await DragonflyClient(discovery: group)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<6 {
                tasks.addTask {
                    await load.run(from: number * 1_000) { request, bytes in
                        var request = request
                        request.replicas = 1 + number % 3
                        try await client.get(request, into: &bytes)
                    }
                }
            }
            defer { load.isOver.withLock { $0 = true } }
            for number in 0..<3 { try await blocking { try group.restart(number, store: store) } }
            load.isOver.withLock { $0 = true }
            try await tasks.waitForAll()
        }
        #expect(load.failures.withLock { $0 } == [])
        #expect(load.right.withLock { $0 } >= 6, "the load was there")
        client.shutdown()
    }

    /// Without retries and without a ring: each seed peer that is ready in turn, over kept and new connections.
    @Test("Plain clients that ask only those that are ready lose no request either", arguments: [0, 8])
    func plainClients(idleConnections: Int) async throws {
        let origin = try await blocking { try Origin() }
        let group = try await blocking { try RollingGroup(drainDelay: "2s") }
        defer { group.stop() }
        let load = Load(url: origin.nginx.url, object: origin.object)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<4 {
                tasks.addTask {
                    var clients: [String: EndpointClient] = [:]
                    var turn = number
                    await load.run(from: number * 1_000) { request, bytes in
                        let ready = group.ready
                        let endpoint = ready[turn % ready.count].endpoint
                        turn += 1
                        let client =
                            try clients[endpoint]
                            ?? EndpointClient(
                                endpoints: [endpoint],
                                configuration: .init(
                                    retry: RetryPolicy(maxRetries: 0), idleConnectionsPerPeer: idleConnections,
                                    resumesBrokenBodies: false))
                        clients[endpoint] = client
                        try await client.get(request, into: &bytes)
                    }
                    clients.values.forEach { $0.shutdown() }
                }
            }
            defer { load.isOver.withLock { $0 = true } }
            for number in 0..<3 { try await blocking { try group.restart(number) } }
            load.isOver.withLock { $0 = true }
            try await tasks.waitForAll()
        }
        #expect(load.failures.withLock { $0 } == [])
        #expect(load.right.withLock { $0 } >= 6, "the load was there")
    }

    @Test("A body goes on at another seed peer when its own freezes, and that one is asked again when it answers")
    func frozen() async throws {
        let origin = try await blocking { try Origin() }
        let group = try await blocking { try RollingGroup() }
        defer { group.stop() }
        let counters = RequestCounters()
        let client = try await DragonflyClient(
            discovery: group, configuration: .init(firstByteTimeout: .milliseconds(500), metrics: counters))
        let request = GetRequest(url: "\(origin.nginx.url)/object0", replicas: 1)
        let first = try #require(try await client.lookupSeedPeers(request).first)
        let process = try #require(group.process(first.name))
        let response = try await client.get(request)
        var bytes: [UInt8] = []
        var chunks = response.body.makeAsyncIterator()
        while bytes.isEmpty, let chunk = try await chunks.next() { bytes += chunk }
        process.send(SIGSTOP)
        while let chunk = try await chunks.next() { bytes += chunk }
        #expect(bytes == origin.object)
        #expect(counters.values.resumptions == 1)
        // Its kernel still accepts connections.
        try await client.refresh()
        #expect(try await client.lookupSeedPeers(request) != [first])
        process.send(SIGCONT)
        try await client.refresh()
        #expect(try await client.lookupSeedPeers(request) == [first])
        client.shutdown()
    }
}

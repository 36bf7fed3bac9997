import DragonflyRequest
import Foundation
import SeedSupport
import SeedTestSupport

/// The seed peers of one run, each with a store of its own that is empty at first. Killed and deleted when the object goes.
final class SeedPeerFleet: Sendable {
    /// One process. A seed peer that starts again is another one.
    private struct Member {
        let process: SeedPeerProcess
        let address: SeedPeer
        /// Whether discovery names it.
        var isReady = true
        /// Whether it keeps connections open.
        var isOpen = true
        /// Whether it is an error when it ends.
        var mustRun = true
    }

    /// Seconds for which a seed peer serves on after SIGTERM, so that clients learn of it in time.
    private static let drainDelay = 1.0
    /// Seconds from SIGTERM until discovery and balancers no longer name it, as in a cluster.
    private static let endpointDelay = 0.3

    let count: Int
    private let directories: [TemporaryDirectory]
    private let storeLimit: Int64?
    private let members: Lock<[Member]>
    /// By endpoint, also of processes that are gone.
    private let names = Lock<[String: String]>([:])

    /// Starts them and waits until they are ready.
    /// - Parameter storeLimit: bytes that each store may hold; nil: no limit.
    init(count: Int, storeLimit: Int64?) throws {
        self.count = count
        self.storeLimit = storeLimit
        directories = try (0..<count).map { _ in try TemporaryDirectory() }
        members = Lock([])
        for number in 0..<count {
            let member = try startMember(number)
            members.withLock { $0.append(member) }
        }
    }

    /// Kills them all.
    func end() {
        for member in members.withLock({ $0 }) {
            expectEnd(of: member.address)
            member.process.kill()
        }
    }

    /// What discovery names now.
    var ready: [SeedPeer] { members.withLock { $0.filter(\.isReady).map(\.address) } }

    /// Whether the seed peer at that endpoint still keeps its connections.
    func isOpen(_ endpoint: String) -> Bool {
        members.withLock { $0.contains { $0.isOpen && $0.address.endpoint == endpoint } }
    }

    /// Of the seed peer that is or was at that endpoint.
    func name(of endpoint: String) -> String? { names.withLock { $0[endpoint] } }

    /// A process that is gone although no scenario ended it, with the end of its log; nil: all are well.
    var unexpectedEnd: String? {
        let gone = members.withLock { $0.first { $0.mustRun && !$0.process.isRunning } }
        return gone.map { member in
            let log = member.process.errorText.split(separator: "\n").suffix(20).joined(separator: "\n")
            let code = member.process.exitCode.map { "exit code \($0)" } ?? "no exit code"
            return "the seed peer \(member.address.name) ended by itself, with \(code); the end of its log:\n\(log)"
        }
    }
}

extension SeedPeerFleet {
    /// Requests to the origin that are under way now.
    func originRequests() throws -> Int {
        try members.withLock { $0 }.filter(\.process.isRunning)
            .reduce(0) { try $0 + $1.process.metric("seed_peer_origin_requests") }
    }
}

/// What scenarios do. Each call blocks until it is done.
extension SeedPeerFleet {
    /// Discovery no longer names it, though it goes on.
    func leave(_ number: Int) { members.withLock { $0[number].isReady = false } }

    /// SIGKILL. Discovery goes on naming it.
    func kill(_ number: Int) {
        let member = members.withLock { $0[number] }
        expectEnd(of: member.address)
        markClosed(member.address)
        member.process.kill()
    }

    /// SIGTERM; then discovery no longer names it; then it ends.
    func stop(_ number: Int) throws {
        let member = members.withLock { $0[number] }
        expectEnd(of: member.address)
        member.process.send(SIGTERM)
        Thread.sleep(forTimeInterval: Self.endpointDelay)
        leave(number)
        Thread.sleep(forTimeInterval: Self.drainDelay - Self.endpointDelay)
        markClosed(member.address)
        guard let code = member.process.exitCode, code == 0 else {
            throw FixtureError("\(member.address.name) did not stop as asked: \(member.process.errorText)")
        }
    }

    /// Starts it again with its store and its name, at another address, and has discovery name it when it is ready.
    func start(_ number: Int) throws {
        let member = try startMember(number)
        members.withLock { $0[number] = member }
    }

    private func startMember(_ number: Int) throws -> Member {
        let directory = directories[number]
        let process = try SeedPeerProcess(
            store: directory.path("store"), in: directory,
            shutdown: "drainDelay: \(Int(Self.drainDelay))s, timeout: 20s",
            extra: storeLimit.map { "gc: {policy: {diskThreshold: \($0)}}" } ?? "")
        let address = try SeedPeer(name: "seed-peer-\(number)", host: "127.0.0.1", port: process.port())
        names.withLock { $0[address.endpoint] = address.name }
        try waitUntilReady(process)
        return Member(process: process, address: address)
    }

    private func waitUntilReady(_ process: SeedPeerProcess) throws {
        let deadline = Date(timeIntervalSinceNow: 30)
        while try process.get(path: "/ready", from: "health").status != 200 {
            guard Date() < deadline else { throw FixtureError("/ready does not answer 200: \(process.errorText)") }
            usleep(10_000)  // as a readiness probe asks again and again
        }
    }

    private func expectEnd(of address: SeedPeer) { change(address) { $0.mustRun = false } }

    private func markClosed(_ address: SeedPeer) { change(address) { $0.isOpen = false } }

    private func change(_ address: SeedPeer, _ body: (inout Member) -> Void) {
        members.withLock { members in
            for number in members.indices where members[number].address == address { body(&members[number]) }
        }
    }
}

/// Names the seed peers that are ready, as DNS does for a headless Service.
struct FleetDiscovery: SeedPeerDiscovery {
    let fleet: SeedPeerFleet

    func seedPeers() -> [SeedPeer] { fleet.ready }
}

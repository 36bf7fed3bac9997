import Foundation
import SeedTestSupport
import Testing

@testable import SeedServer

@Suite("What a supervisor decides")
struct SupervisionTests {
    @Test("A server that ends by itself is the end, with its exit code", arguments: [0, 1, 2, 64])
    func exits(code: Int32) {
        var supervision = Supervision()
        #expect(supervision.serverEnded(.exited(code), after: .seconds(1)) == .end(code))
    }

    @Test("The first crash is followed by a new server at once, more of them after growing pauses of at most 30 s")
    func crashes() {
        var supervision = Supervision()
        let steps = (0..<14).map { _ in supervision.serverEnded(.killed(SIGSEGV), after: .milliseconds(10)) }
        let pauses = [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000, 30_000]
        #expect(steps == pauses.map { .start(after: .milliseconds($0)) })
    }

    @Test("A server that ran for a minute had no trouble with its start")
    func steady() {
        var supervision = Supervision()
        for _ in 0..<5 { _ = supervision.serverEnded(.killed(SIGKILL), after: .zero) }
        #expect(supervision.serverEnded(.killed(SIGKILL), after: Supervision.steady) == .start(after: .zero))
        #expect(supervision.serverEnded(.killed(SIGKILL), after: .zero) == .start(after: .milliseconds(100)))
    }

    @Test("What is killed while it stops isn't started again")
    func stopping() {
        var supervision = Supervision()
        supervision.isStopping = true
        #expect(supervision.serverEnded(.killed(SIGKILL), after: .seconds(1)) == .end(137))
        #expect(supervision.serverEnded(.exited(0), after: .seconds(1)) == .end(0))
    }
}

@Suite("A supervised server", .serialized)
struct SupervisorTests {
    let directory: TemporaryDirectory
    var file: String { directory.path("seed-peer.yaml") }

    init() throws {
        directory = try TemporaryDirectory()
        let configuration = SeedPeerProcess.configuration(store: directory.path("store")).replacing(
            "rules: [", with: "blockList: \(directory.path("blocked.yaml")), rules: [")
        try "".write(toFile: directory.path("blocked.yaml"), atomically: true, encoding: .utf8)
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
    }

    private func supervised() throws -> SeedPeerProcess {
        try SeedPeerProcess(arguments: ["run", "--supervise", "--config", file])
    }

    /// The server behind a supervisor, whichever of its threads has started it.
    private func server(of peer: SeedPeerProcess) throws -> Int32 {
        let threads = "/proc/\(peer.identifier)/task"
        let children = try FileManager.default.contentsOfDirectory(atPath: threads).map { thread in
            // A thread may have ended meanwhile.
            (try? String(contentsOfFile: "\(threads)/\(thread)/children", encoding: .utf8)) ?? ""
        }
        return try #require(children.joined().split(separator: " ").first.flatMap { Int32($0) })
    }

    /// Kills the server; when this returns, its connections are gone.
    private func killServer(of peer: SeedPeerProcess) throws {
        let server = try server(of: peer)
        let witness = try RawClient(port: peer.port())
        try witness.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try witness.readResponse().status == 200)
        kill(server, SIGKILL)
        _ = try? witness.readToEnd()
    }

    @Test("After a crash the next request waits for the new server, at each port, and is served what was stored")
    func crash() throws {
        let origin = try FaultyOrigin {
            $1.serve(Array("object".utf8), to: $0, ["ETag: \"v1\"", "Cache-Control: max-age=600"])
        }
        defer { origin.stop() }
        let peer = try supervised()
        let url = "\(origin.url)/o"
        #expect(try peer.get(url).text == "object")
        let first = try server(of: peer)
        for round in 1...3 {
            try killServer(of: peer)
            #expect(try peer.get(url).text == "object", "round \(round): \(peer.errorText)")
            #expect(try peer.get(path: "/healthy", from: "health").status == 200)
            #expect(try peer.metric("seed_peer_requests_total") >= 1)
            #expect(try peer.get(path: "/", from: "admin").status == 200)
        }
        #expect(try server(of: peer) != first)
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
    }

    @Test("Signals are passed on, and the end of the server in order is the end", arguments: [SIGTERM, SIGINT])
    func signals(signal: Int32) throws {
        let peer = try supervised()
        let port = try peer.port()
        let server = try server(of: peer)
        peer.send(SIGHUP)
        #expect(peer.waits(for: "the block list was read again from"), "\(peer.errorText)")
        #expect(try self.server(of: peer) == server)
        peer.send(signal)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    }

    @Test("A server that can't start is not started again, and its exit code is kept")
    func cannotStart() throws {
        let holder = try SeedPeerProcess(store: directory.path("store"), in: directory)
        _ = try holder.port()
        let peer = try supervised()
        #expect(peer.exitCode == 1, "\(peer.errorText)")
        let reason = "storage.dir \(directory.path("store")) is in use by process \(holder.identifier)"
        #expect(peer.waits(for: reason), "\(peer.errorText)")
        try "proxy: {server: {port: x}}".write(toFile: file, atomically: true, encoding: .utf8)
        let refused = try supervised()
        #expect(refused.exitCode == 2, "\(refused.errorText)")
    }

    @Test("A server whose supervisor has ended before it begins doesn't begin, and is no supervisor either")
    func supervisorIsGone() throws {
        let peer = try SeedPeerProcess(
            arguments: ["run", "--supervise", "--config", file], limits: ["export SEED_PEER_SOCKETS='0 proxy=3'"])
        #expect(peer.exitCode == 1)
        #expect(peer.waits(for: "the supervisor that started this server is gone"), "\(peer.errorText)")
        #expect(!peer.errorText.contains("the server is process"))
    }

    @Test("A server whose supervisor is killed stops in order")
    func orphan() throws {
        let peer = try supervised()
        _ = try peer.port()
        let witness = try RawClient(port: peer.port())
        try witness.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = try witness.readResponse()
        peer.kill()
        #expect(try witness.readToEnd().isEmpty)
        #expect(peer.waits(for: "stopped"))
    }
}

import Foundation
import SeedTestSupport
import Testing

@testable import SeedServer

@Suite("The front door of the program", .serialized)
struct FrontDoorTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func answer(_ client: RawClient, _ fields: String = "") throws -> RawResponse {
        try client.send("GET http://127.0.0.1:1/x HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\(fields)\r\n")
        return try client.readResponse()
    }

    @Test("W23: running out of descriptors while accepting ends nothing, and new clients are served afterwards")
    func descriptors() throws {
        let peer = try SeedPeerProcess(
            store: directory.path("store"), in: directory, limits: ["ulimit", "-n", "96"])
        let port = try peer.port()
        let first = try RawClient(port: port)
        #expect(try answer(first).status == 502)
        // The kernel completes these; the program cannot accept all of them.
        let many = try (0..<120).map { _ in try RawClient(port: port) }
        #expect(try answer(first).status < 600)
        for client in many { client.reset() }
        first.reset()
        let late = try RawClient(port: port)
        #expect(try answer(late).status == 502)
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
    }

    @Test("W25: the small ports change nothing, whatever is asked of them")
    func smallPorts() throws {
        let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
        for listener in ["admin", "metrics", "health"] {
            let client = try RawClient(port: peer.port(listener))
            for method in ["DELETE", "POST", "PUT"] {
                try client.send("\(method) /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                #expect([404, 405].contains(try client.readResponse().status), "\(method) \(listener)")
            }
        }
    }

    @Test("SIGHUP reads the block list again; a wrong one changes nothing")
    func blockList() throws {
        let file = directory.path("block.yaml")
        func write(_ tags: String) throws {
            try "seed_client_config: {block_list: {task: {download: {tags: \(tags)}}}}"
                .write(toFile: file, atomically: true, encoding: .utf8)
        }
        try write("[old]")
        let peer = try SeedPeerProcess(arguments: ["run", "--config", try configuration("blockList: \(file)")])
        let client = try RawClient(port: peer.port())
        #expect(try answer(client, "X-Dragonfly-Tag: old\r\n").status == 403)
        #expect(try answer(client, "X-Dragonfly-Tag: new\r\n").status == 502)
        try write("[new]")
        peer.send(SIGHUP)
        #expect(peer.waits(for: "the block list was read again"))
        #expect(try answer(client, "X-Dragonfly-Tag: old\r\n").status == 502)
        #expect(try answer(client, "X-Dragonfly-Tag: new\r\n").status == 403)
        try write("{")
        peer.send(SIGHUP)
        #expect(peer.waits(for: "the block list stays as it was"))
        #expect(try answer(client, "X-Dragonfly-Tag: new\r\n").status == 403)
    }

    @Test(
        "10,000 idle connections cost at most 10 KiB each",
        .enabled(if: ProcessInfo.processInfo.environment["SEED_SOAK"] != nil))
    func idleMemory() throws {
        let peer = try SeedPeerProcess(arguments: [
            "run", "--config", try configuration("server: {ip: 127.0.0.1, port: 0}"),
        ])
        let port = try peer.port()
        func open(_ count: Int) throws -> [RawClient] {
            try (0..<count).map { _ in
                let client = try RawClient(port: port)
                #expect(try answer(client).status == 502)
                return client
            }
        }
        let warm = try open(100)
        let before = try peer.residentBytes()
        let clients = try open(9_900)
        let each = (try peer.residentBytes() - before) / clients.count
        print("resident memory of an idle connection: \(each) bytes")
        #expect(each <= 10 << 10)
        withExtendedLifetime((warm, clients)) {}
    }

    /// A configuration file whose `proxy` section has these lines too.
    private func configuration(_ proxy: String) throws -> String {
        let server = proxy.contains("server:") ? "" : "server: {ip: 127.0.0.1, port: 0}, "
        let text = """
            host: {ip: 127.0.0.1}
            proxy: {\(server)\(proxy)}
            health: {server: {ip: 127.0.0.1, port: 0}}
            metrics: {server: {ip: 127.0.0.1, port: 0}}
            admin: {server: {ip: 127.0.0.1, port: 0}}
            backend: {allowAddresses: [127.0.0.0/8]}
            storage: {dir: \(directory.path("store"))}
            """
        let file = directory.path("front-door.yaml")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}

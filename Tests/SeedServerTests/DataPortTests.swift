import Foundation
import SeedTestSupport
import Testing

@Suite("The data port of the program", .serialized)
struct DataPortTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func ask(_ client: RawClient, _ fields: String = "") throws -> RawResponse {
        try client.send("GET http://127.0.0.1:1/x HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\(fields)\r\n")
        return try client.readResponse()
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
        #expect(try ask(client, "X-Dragonfly-Tag: old\r\n").status == 403)
        #expect(try ask(client, "X-Dragonfly-Tag: new\r\n").status == 502)
        try write("[new]")
        peer.send(SIGHUP)
        #expect(peer.waits(for: "the block list was read again"))
        #expect(try ask(client, "X-Dragonfly-Tag: old\r\n").status == 502)
        #expect(try ask(client, "X-Dragonfly-Tag: new\r\n").status == 403)
        try write("{")
        peer.send(SIGHUP)
        #expect(peer.waits(for: "the block list stays as it was"))
        #expect(try ask(client, "X-Dragonfly-Tag: new\r\n").status == 403)
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
                #expect(try ask(client).status == 502)
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

    @Test("Hundreds of clients that send or read by drips cost little memory each, and others are served meanwhile")
    func slowClients() throws {
        let (silent, silentPort) = try LoopbackSocket.listen()
        defer { close(silent) }
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: 32 << 20)
            #expect(try harness.peer.get(harness.url("object")).body == file)
            let port = try harness.peer.port()
            let before = try harness.peer.residentBytes()
            // Heads without an end, bodies that an origin doesn't take, and readers of what is held.
            let heads = try (0..<200).map { _ in try RawClient(port: port) }
            let bodies = try (0..<100).map { _ in try RawClient(port: port) }
            let readers = try (0..<100).map { _ in try RawClient(port: port, receiveBuffer: 4096) }
            for client in heads { try client.send("GET http://h/ HTTP/1.1\r\nHost: h\r\n") }
            let head = "PUT http://127.0.0.1:\(silentPort)/ HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"
            for client in bodies { try client.send(head) }
            for client in readers { try client.send(SeedPeerProcess.request(harness.url("object"))) }
            let drip = "X: \(String(repeating: "x", count: 500))\r\n"
            for round in 0..<16 {
                for client in heads + bodies { try client.send(drip) }
                for client in readers { #expect(try !client.read(exactly: 64).isEmpty) }
                let start = round << 20
                #expect(try harness.get("object", start..<start + 4096).body.elementsEqual(file[start..<start + 4096]))
            }
            let each = (try harness.peer.residentBytes() - before) / (heads.count + bodies.count + readers.count)
            print("resident memory of a slow client: \(each) bytes")
            #expect(each <= (AddressSanitizer.isOn ? 128 << 10 : 64 << 10))
            withExtendedLifetime((heads, bodies, readers)) {}
        }
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
        let file = directory.path("data-port.yaml")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}

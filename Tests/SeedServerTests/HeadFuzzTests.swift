import Dispatch
import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

/// rule:exchange-isolation, through the whole server. 600 requests, 50,000 with SEED_SOAK; `SEED_HEADS` says otherwise
/// how many.
@Suite("Random heads through the server")
struct HeadFuzzTests {
    private static let clients = 6
    private static var requests: Int {
        let environment = ProcessInfo.processInfo.environment
        return environment["SEED_HEADS"].flatMap { Int($0) } ?? (Seeded.isSoak ? 50_000 : 600)
    }

    @Test("Whatever responses come, over kept connections and redirects: the server lives, and serves others")
    func heads() throws {
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(
            store: directory.path("store"), in: directory, backend: "maxRetries: 0",
            extra: "download: {pieceTimeout: 200ms}")
        defer { peer.kill() }
        let random = Lock(Seeded(Seeded.seed(44, 100)))
        let good = Array("HTTP/1.1 200 OK\r\nETag: \"g\"\r\nContent-Length: 4\r\n\r\ngood".utf8)
        let origin = try RawServer { client, _ in
            client.setTimeout(5)
            try client.serveHeads { target in
                if target.hasPrefix("/good") { return (good, true) }
                let response = random.withLock { random in HostileResponse(&random) { "/\($0.below(400))" } }
                return (response.bytes, response.keepsConnection)
            }
        }
        let port = try peer.port()
        let left = Lock(Self.requests)
        DispatchQueue.concurrentPerform(iterations: Self.clients) { worker in
            var random = Seeded(Seeded.seed(44, 200 + worker))
            while left.withLock({ left in
                left -= 1
                return left >= 0
            }) {
                Self.ask("\(origin.url)/\(random.below(400))", &random, port)
            }
        }
        #expect(try peer.get("\(origin.url)/good").text == "good")
        #expect(try peer.get(path: "/healthy", from: "health").status == 200)
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText.suffix(4_000))")
        origin.stop()
    }

    /// How it ends is the origin's doing.
    private static func ask(_ url: String, _ random: inout Seeded, _ port: Int) {
        let fields = random.pick([
            "", "", "Range: bytes=0-0\r\n", "Range: bytes=0-0,5-9\r\n", "Authorization: x\r\n",
            "If-None-Match: \"e\"\r\n",
            "Range: bytes=-1\r\nX-Dragonfly-Prefetch: true\r\n",
        ])
        let method = random.chance(1, in: 6) ? "HEAD" : "GET"
        guard let client = try? RawClient(port: port, timeout: 3) else { return }
        try? client.send("\(method) \(url) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(fields)\r\n")
        _ = try? client.readToEnd()
    }
}

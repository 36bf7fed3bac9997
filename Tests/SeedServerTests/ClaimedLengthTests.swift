import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

/// rule:trust-bytes-not-claims: an origin that claims lengths delays only its own readers.
@Suite("Claimed lengths over sockets")
struct ClaimedLengthTests {
    private static let claims = [
        "144115188075855872", "288230376151711744", "1152921504606846975", "1152921504606846976", "9223372036854775807",
        "9223372036854775808", "99999999999999999999",
    ]

    /// One byte, and a claim.
    private static func respond(_ request: FaultyRequest, _ claim: String, on connection: FaultyConnection) {
        let first =
            request.headers[.range].flatMap { $0.dropFirst(6).split(separator: "-").first }.map(String.init) ?? "0"
        if request.path == "/whole" {
            connection.head("200 OK", "ETag: \"a\"", "Content-Length: \(claim)")
        } else if request.path == "/part" {
            connection.head(
                "206 Partial Content", "ETag: \"a\"", "Content-Range: bytes \(first)-\(first)/\(claim)",
                "Content-Length: 1")
        } else if request.path == "/long-part" {
            let last = claim.count < 20 ? String(UInt64(claim).map { $0 - 1 } ?? 0) : claim
            connection.head(
                "206 Partial Content", "ETag: \"a\"", "Content-Range: bytes \(first)-\(last)/\(claim)")
        } else {
            connection.head("416 Range Not Satisfiable", "Content-Range: bytes */\(claim)", "Content-Length: 1")
        }
        connection.write("x")
        connection.cut()
    }

    @Test("Each claim in each place is answered or refused, and others are served at once", arguments: claims)
    func claimed(_ claim: String) throws {
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(
            store: directory.path("store"), in: directory, backend: "maxRetries: 1",
            extra: "download: {pieceTimeout: 500ms}")
        defer { peer.kill() }
        let object = [UInt8](repeating: 7, count: 300_000)
        let origin = try FaultyOrigin { request, connection in
            if request.path == "/object" {
                connection.serve(object, to: request, ["ETag: \"o\""])
            } else {
                Self.respond(request, claim, on: connection)
            }
        }
        defer { origin.stop() }
        let wishes = [
            [], ["Range: bytes=0-0"], ["Range: bytes=0-"], ["Range: bytes=-1"], ["Range: bytes=72057594037927936-"],
            ["Range: bytes=0-0,1000000-1000000,-5"], ["Range: bytes=0-0", "X-Dragonfly-Prefetch: true"],
            ["Cookie: a=b"],
        ]
        for path in ["whole", "part", "long-part", "none"] {
            for (number, fields) in wishes.enumerated() {
                for method in ["GET", "HEAD"] {
                    let client = try RawClient(port: peer.port())
                    let url = "\(origin.url)/\(path)?\(number)"
                    let lines = (["\(method) \(url) HTTP/1.1", "Host: h", "Connection: close"] + fields)
                    try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
                    // Some kind of end, not a wait for what was only claimed.
                    client.setTimeout(20)
                    do { _ = try client.readToEnd() } catch RawClient.Failure.reset {}
                }
            }
            #expect(try peer.get(path: "/healthy", from: "health").status == 200)
            let began = MonotonicTime.now()
            #expect(try peer.get("\(origin.url)/object?\(path)").body == object)
            #expect(MonotonicTime.now() - began < .seconds(5))
        }
    }
}

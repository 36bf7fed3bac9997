import SeedTestSupport
import Testing

@Suite("Kept connections of what is cached")
struct CachedConnectionTests {
    private static let evil = "Content-Length: 4\r\nCache-Control: max-age=60\r\nETag: \"e\"\r\n\r\nEVIL"

    @Test(
        "An origin's unsolicited second response reaches no client, then or later",
        arguments: [
            "HTTP/1.1 200 OK\r\n" + evil, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4\r\n" + evil,
            "HTTP/1.1 404 Not Found\r\n" + evil, "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 20",
        ], [false, true])
    func unsolicited(stray: String, isRange: Bool) async throws {
        let (isTaken, isSent) = (Note<Bool>(), Note<Bool>())
        let origin = try FaultyOrigin { request, connection in
            let fields = ["Cache-Control: max-age=60", "ETag: \"v\""]
            connection.serve(Array("the bytes of \(request.path)".utf8), to: request, fields)
            guard request.connection == 0, isSent.read(within: 0) == nil else { return }
            _ = isTaken.read()
            isSent.write(connection.write(stray))
        }
        defer { origin.stop() }
        try await withNginxHarness { harness in
            let client = try harness.client()
            func get(_ path: String) throws -> RawResponse {
                let range = isRange ? "Range: bytes=0-13\r\n" : ""
                try client.send("GET \(origin.url)\(path) HTTP/1.1\r\nHost: x\r\n\(range)\r\n")
                return try client.readResponse()
            }
            #expect(try get("/a").text == "the bytes of /a".prefix(isRange ? 14 : 15))
            isTaken.write(true)
            try #require(isSent.read() == true)
            for path in ["/b", "/c", "/b", "/a", "/c"] {
                #expect(try get(path).text == "the bytes of \(path)".prefix(isRange ? 14 : 15), "\(path)")
            }
        }
        #expect(origin.acceptedConnections > 1)
    }
}

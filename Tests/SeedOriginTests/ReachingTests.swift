import HTTPSemantics
import SeedOrigin
import SeedTestSupport
import Testing

@Suite("Reaching an origin")
struct ReachingTests {
    private func error(
        _ url: String, _ adjust: (inout OriginConfiguration) -> Void = { _ in }
    ) throws -> OriginError {
        let recorder = Recorder()
        let curl = OriginGateway.forLoopback(adjust)
        defer { curl.shutdown() }
        _ = curl.start(OriginRequest(url: url), into: recorder)
        return try #require(recorder.error())
    }

    @Test("A refused connection is unreachable and may be tried again")
    func refused() throws {
        let faulty = try FaultyOrigin { _, _ in }
        faulty.stop()
        let error = try error(faulty.url + "/x?signature=secret")
        #expect(error.kind == .unreachable)
        #expect(error.isRetryable)
        #expect(!error.message.contains("secret"))
    }

    @Test("A name that does not resolve is unreachable")
    func unresolved() throws {
        #expect(try error("http://nobody.invalid/").kind == .unreachable)
    }

    @Test(
        "What is no http URL is refused before anything is dialled",
        arguments: [
            "", "no url", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://user:pass@127.0.0.1/",
            "http://user@127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1/a b", "http://127.0.0.1/\0",
            "http://127.0.0.1/\r\nX-Smuggled: 1", "/relative",
        ])
    func badURL(_ url: String) throws {
        let error = try error(url)
        #expect(error.kind == .badURL)
        #expect(!error.isRetryable)
    }

    @Test(
        "Forbidden addresses are blocked in every spelling",
        arguments: [
            "http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://0x7f.1:PORT/", "http://2130706433:PORT/",
            "http://[::ffff:127.0.0.1]:PORT/", "http://[::1]:PORT/", "http://0.0.0.0:PORT/", "http://169.254.169.254/",
            "http://[64:ff9b::a9fe:a9fe]/",
        ])
    func blocked(_ template: String) throws {
        let faulty = try FaultyOrigin { $1.respond() }
        defer { faulty.stop() }
        let url = template.replacing("PORT", with: String(faulty.port))
        let error = try error(url) { $0.allowedAddresses = [] }
        #expect(error.kind == .blocked)
        #expect(error.message.contains("backend.allowAddresses"))
        #expect(faulty.acceptedConnections == 0)
    }

    @Test("A server that answers a TLS greeting in plain text is a TLS failure")
    func notTLS() throws {
        let faulty = try FaultyOrigin(greeting: "HTTP/1.1 400 Bad Request\r\n\r\n") { _, _ in }
        defer { faulty.stop() }
        #expect(try error("https://127.0.0.1:\(faulty.port)/").kind == .tls)
    }

    @Test("Connections are used again, one for many requests in a row")
    func reuse() throws {
        let object = pattern(10_000)
        try withOrigins({ _ in }, { $1.serve(object, to: $0) }) { faulty, curl in
            for first in 0..<50 {
                let recorder = Recorder()
                let range = Int64(first * 100)
                _ = curl.start(
                    OriginRequest(url: faulty.url + "/o", range: .bounded(first: range, last: range + 99)),
                    into: recorder)
                #expect(recorder.outcome() == .complete(hasCleanEnd: true))
                #expect(recorder.now.body == Array(object[Int(range)..<Int(range) + 100]))
            }
            #expect(faulty.acceptedConnections == 1)
        }
    }

    @Test("A kept connection that the origin has closed is replaced without an error")
    func staleConnection() throws {
        try withOrigins({ _ in }) { request, connection in
            connection.respond(body: [1])
            connection.cut()
        } run: { faulty, curl in
            for _ in 0..<5 {
                let recorder = Recorder()
                _ = curl.start(OriginRequest(url: faulty.url), into: recorder)
                #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            }
            #expect(faulty.acceptedConnections == 5)
        }
    }

    @Test("W36: no more transfers run at a host than allowed, and the waiting ones start by urgency")
    func hostLimit() throws {
        try withOrigins({ $0.transfersPerHost = 1 }) { request, connection in
            if request.target == "/first" { connection.stall() }
            connection.respond()
        } run: { faulty, curl in
            let recorders = (0..<4).map { _ in Recorder() }
            _ = curl.start(OriginRequest(url: faulty.url + "/first"), into: recorders[0])
            try #require(faulty.waitForRequests(1))
            let later: [OriginPriority] = [.prefetch, .completion, .demand]
            for (index, priority) in later.enumerated() {
                _ = curl.start(
                    OriginRequest(url: faulty.url + "/\(priority)", priority: priority), into: recorders[index + 1])
            }
            // Commands are obeyed in order: once this one is answered, those before it are taken in.
            let marker = Recorder()
            _ = curl.start(OriginRequest(url: "none"), into: marker)
            #expect(marker.error()?.kind == .badURL)
            #expect(faulty.requests.count == 1)
            faulty.release()
            for recorder in recorders { #expect(recorder.outcome() == .complete(hasCleanEnd: true)) }
            #expect(faulty.requests.map(\.target) == ["/first", "/demand", "/completion", "/prefetch"])
        }
    }
}

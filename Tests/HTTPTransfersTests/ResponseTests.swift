import Foundation
import HTTPSemantics
import HTTPTransfers
import SeedTestSupport
import Testing

@Suite("What comes back")
struct ResponseTests {
    private func fetch(_ response: String, method: HTTPMethod = .get) throws -> Recorder.Record {
        let recorder = Recorder()
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            try client.send(response)
        } run: { server, driver in
            recorder.begin(TransferRequest(try TransferURL(server.url), method: method), on: driver)
            _ = recorder.outcome()
        }
        #expect(recorder.now.misuses == 0)
        return recorder.now
    }

    private func kind(_ record: Recorder.Record) -> TransferError.Kind? {
        if case .failed(let error) = record.outcomes.first { error.kind } else { nil }
    }

    @Test("Interim heads are handed on, in their order, before the final one")
    func interim() throws {
        let record = try fetch(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(record.interim.map(\.status) == [100, 103])
        #expect(record.interim.last?.fields.first(.link)?.text == "</a>")
        #expect(record.heads.map(\.status) == [200])
        #expect(record.heads[0].fields.count == 1 && record.body == Array("ok".utf8))
        #expect(record.outcomes == [.complete])
    }

    @Test("A switch of protocols that was not asked for is refused")
    func switched() throws {
        let record = try fetch("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nsome bytes")
        #expect(kind(record) == .badResponse)
        #expect(record.interim.isEmpty && record.heads.isEmpty && record.body.isEmpty)
    }

    @Test("Trailers are handed on after the body, and are bounded")
    func trailers() throws {
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
        let record = try fetch(start + "X-Sum: 1\r\nX-More: 2\r\n\r\n")
        #expect(record.trailers.map { $0.map(\.description) } == [["X-Sum: 1", "X-More: 2"]])
        #expect(record.body == Array("ok".utf8) && record.outcomes == [.complete])
        #expect(try fetch(start + "\r\n").trailers.isEmpty)
        let long = (0..<2_000).map { "X-Trailer-\($0): \(String(repeating: "x", count: 50))\r\n" }.joined()
        #expect(kind(try fetch(start + long + "\r\n")) == .badResponse)
    }

    @Test("Trailers that were read during a pause are fields apart")
    func trailersAfterPause() throws {
        let recorder = Recorder(intake: { $0 == 0 ? .pause : .taken })
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            try client.send(head + "2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n")
        } run: { server, driver in
            recorder.begin(TransferRequest(try TransferURL(server.url)), on: driver)
            try #require(recorder.wait { $0.offers == 1 })
            recorder.onLoop { $0.resume() }
            #expect(recorder.outcome() == .complete)
        }
        #expect(recorder.now.trailers.map { $0.map(\.description) } == [["X-Sum: 1", "X-More: 2"]])
    }

    @Test("A trailer beyond curl's own limit fails the transfer")
    func longTrailer() throws {
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
        #expect(try fetch(start + "X-A: \(String(repeating: "a", count: 4_000))\r\n\r\n").outcomes == [.complete])
        #expect(kind(try fetch(start + "X-A: \(String(repeating: "a", count: 5_000))\r\n\r\n")) == .cut)
    }

    @Test(
        "What is no HTTP/1 response is refused: HTTP/0.9, other codings, contradicting lengths",
        arguments: [
            "plain text\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 2xx OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "HTTP/2 200\r\n\r\ncut off", "HTTP/3 200\r\n\r\ncut off",
        ])
    func refused(_ response: String) throws {
        let record = try fetch(response)
        #expect(kind(record) == .badResponse)
        #expect(record.body.isEmpty)
    }

    @Test("Bodies are not decoded and redirects are not followed")
    func untouched() throws {
        let record = try fetch(
            "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")
        #expect(record.heads.map(\.status) == [302])
        #expect(record.body == Array("abc".utf8) && record.outcomes == [.complete])
    }

    @Test("HTTP/1.0 and a body that ends with the connection are responses, too")
    func untilClose() throws {
        let record = try fetch("HTTP/1.0 200 OK\r\nX-Name: \u{e9}\r\n\r\nall of it")
        #expect(record.heads.first?.httpVersion == "1.0")
        #expect(record.heads.first?.fields.first(HTTPField.Name("X-Name")!)?.octets == Array("\u{e9}".utf8))
        #expect(record.body == Array("all of it".utf8) && record.outcomes == [.complete])
    }

    @Test("A response to HEAD ends with its head")
    func head() throws {
        let record = try fetch("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", method: .head)
        #expect(record.heads.first?.contentLength == 100)
        #expect(record.body.isEmpty && record.outcomes == [.complete])
    }

    @Test("TLS sessions are resumed, though each exchange has a handle and a connection of its own")
    func resumption() throws {
        let authority = try TestAuthority()
        let directory = try TemporaryDirectory()
        try Data([1]).write(to: URL(filePath: directory.path("object")))
        let nginx = try Nginx(
            serving: directory.path(""), location: "add_header X-Reused $ssl_session_reused always;",
            identity: authority.identity)
        var settings = TransferSettings()
        settings.certificateAuthorities = authority.certificate
        let driver = TransferDriver(settings)
        defer {
            driver.shutdown()
            nginx.stop()
        }
        var reused: [String?] = []
        for _ in 0..<3 {
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL(nginx.url + "/object"))
            request.reusesConnection = false
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
            reused.append(recorder.head?.fields.first(HTTPField.Name("X-Reused")!)?.text)
        }
        #expect(reused == [".", "r", "r"])
        #expect(Set(try nginx.accesses(atLeast: 3).map(\.connection)).count == 3)
    }
}

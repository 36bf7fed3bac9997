import HTTPSemantics
import HTTPTransfers
import SeedTestSupport
import Testing

@Suite("Nothing but GET, HEAD and OPTIONS is sent twice")
struct OnceOnlyTests {
    @Test(
        "On a kept connection that turns out to be dead, the others fail after one try",
        arguments: ["GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH", "TRACE", "MKCOL"])
    func deadConnection(_ name: String) throws {
        let method = try #require(HTTPMethod(name))
        let repeats = ["GET", "HEAD", "OPTIONS"].contains(name)
        try withOrigin({ _ in }) { request, connection in
            // The second request on each connection finds nobody.
            if request.target == "/first" || request.connection > 0 { connection.respond() } else { connection.cut() }
        } run: { origin, driver in
            let (first, second) = (Recorder(), Recorder())
            first.begin(TransferRequest(try TransferURL(origin.url + "/first")), on: driver)
            #expect(first.outcome() == .complete)
            second.begin(TransferRequest(try TransferURL(origin.url + "/second"), method: method), on: driver)
            if repeats {
                #expect(second.outcome() == .complete)
            } else {
                #expect(second.error()?.kind == .cut)
                #expect(second.error()?.hasConnected == true)
            }
            #expect(origin.requests.filter { $0.target == "/second" }.count == (repeats ? 2 : 1))
        }
    }

    @Test("Bodies are sent once, an empty one too", arguments: [0, 5] as [Int64])
    func deadConnectionWithBody(_ length: Int64) throws {
        try withOrigin({ _ in }) { request, connection in
            if request.target == "/first" || request.connection > 0 { connection.respond() } else { connection.cut() }
        } run: { origin, driver in
            let (first, second) = (Recorder(), Recorder(sending: Array("hello".utf8.prefix(Int(length)))))
            first.begin(TransferRequest(try TransferURL(origin.url + "/first")), on: driver)
            #expect(first.outcome() == .complete)
            var request = TransferRequest(try TransferURL(origin.url + "/second"))
            request.body = .length(length)
            second.begin(request, on: driver)
            #expect(second.error()?.kind == .cut)
            #expect(origin.requests.filter { $0.target == "/second" }.count == 1)
        }
    }

    @Test("A 417 to Expect is the response, and nothing is sent again", arguments: [true, false])
    func expectationFailed(_ keepsConnection: Bool) throws {
        let recorder = Recorder(sending: Array("hello".utf8))
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            let more = keepsConnection ? "" : "Connection: close\r\n"
            try client.send("HTTP/1.1 417 Expectation Failed\r\n\(more)Content-Length: 2\r\n\r\nno")
            // A second request on this connection would be answered.
            if keepsConnection, (try? client.readHeadBytes()) != nil { try client.send("HTTP/1.1 204 Twice\r\n\r\n") }
        } run: { server, driver in
            var request = TransferRequest(
                try TransferURL(server.url), method: .post, fields: [.host: "h", .expect: "100-continue"])
            request.body = .length(5)
            request.reusesConnection = false
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
            #expect(server.acceptedConnections == 1)
        }
        #expect(recorder.now.heads.map(\.status) == [417])
        #expect(recorder.now.body == Array("no".utf8))
        #expect(recorder.now.misuses == 0)
    }

    @Test("With Expect the body follows the interim 100")
    func expectation() throws {
        let recorder = Recorder(sending: Array("hello".utf8))
        let seen = Note<[UInt8]>()
        try withServer({ _ in }) { client, _ in
            let head = try client.readHeadBytes()
            try client.send("HTTP/1.1 100 Continue\r\n\r\n")
            seen.write(head + (try client.read(exactly: 5)))
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        } run: { server, driver in
            var request = TransferRequest(
                try TransferURL(server.url), method: .post, fields: [.host: "h", .expect: "100-continue"])
            request.body = .length(5)
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
        }
        let text = String(decoding: try #require(seen.read()), as: UTF8.self)
        #expect(text == "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
        #expect(recorder.now.interim.map(\.status) == [100])
    }

    /// Case: the origin refuses an upload while it is under way.
    @Test(
        "A final response before the request was sent in full is handed on, and ends the transfer",
        arguments: [
            "Content-Length: 5\r\n", "Content-Length: 5\r\nConnection: close\r\n", "Connection: close\r\n",
            "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nConnection: close\r\n",
        ])
    func earlyResponse(_ framing: String) throws {
        for isChunked in [true, false] {
            let recorder = Recorder(sending: nil)
            let isDone = Note<Bool>()
            try withServer({ _ in }) { client, _ in
                _ = try client.readHeadBytes()
                try client.send("HTTP/1.1 413 Content Too Large\r\n\(framing)\r\n")
                if framing.contains("chunked") {
                    try client.send("5\r\nlarge\r\n")
                    try client.send("0\r\n\r\n")
                } else {
                    try client.send("large")
                }
                // Without a length the end of the connection is the body's.
                if framing == "Connection: close\r\n" { client.closeWriting() }
                _ = isDone.read()
            } run: { server, driver in
                var request = TransferRequest(try TransferURL(server.url), method: .put)
                request.body = isChunked ? .chunked : .length(1 << 30)
                request.reusesConnection = false
                recorder.begin(request, on: driver)
                // The body stops coming in the middle.
                recorder.supply(pattern(1000))
                #expect(recorder.outcome(within: 10) == .complete, "\(framing) \(isChunked)")
                isDone.write(true)
            }
            #expect(recorder.now.heads.map(\.status) == [413])
            #expect(recorder.now.body == Array("large".utf8) && recorder.now.misuses == 0)
        }
    }
}

import EventLoops
import HTTPSemantics
import HTTPTransfers
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Responses that come before the request was sent in full")
struct EarlyResponseTests {
    private func upload(to server: RawServer, limit: Duration = .seconds(360)) throws -> TransferRequest {
        var request = TransferRequest(try TransferURL(server.url), method: .put)
        request.body = .length(1 << 30)
        request.reusesConnection = false
        request.noProgressTimeout = limit
        return request
    }

    /// What comes of an upload to a server that sends `response` and closes the connection with the upload unread, so that
    /// the response and the reset are there at once.
    private func refused(_ response: String, isStarved: Bool) throws -> Recorder {
        let recorder = Recorder(sending: nil)
        let (mayRespond, isClosed) = (Note<Bool>(), Note<Bool>())
        try withServer({ _ in }, maximumSegment: 536) { client, _ in
            _ = try client.readHeadBytes()
            _ = try client.read(exactly: 5)
            _ = mayRespond.read()
            try client.send(response)
            client.close()
            isClosed.write(true)
        } run: { server, driver in
            recorder.begin(try upload(to: server), on: driver)
            // Once paused: from then on libevent tells of writability first.
            recorder.supply(Array("hello".utf8))
            try #require(recorder.wait { $0.toSend.isEmpty && $0.wishes > 1 })
            // More than both kernels hold at short segments, or little enough that sending is paused again.
            let more = [UInt8](repeating: 7, count: isStarved ? 1_000 : 1 << 20)
            let wishes = recorder.now.wishes
            recorder.supply(more)
            try #require(recorder.wait { $0.wishes > wishes && (!isStarved || $0.toSend.isEmpty) })
            driver.loop.post {
                mayRespond.write(true)
                _ = isClosed.read()
            }
            _ = recorder.outcome()
        }
        #expect(recorder.now.misuses == 0)
        return recorder
    }

    /// Case: the origin refuses an upload while it is under way.
    @Test(
        "It arrives even where the connection was reset right behind it",
        arguments: [
            "413 Too Large\r\nContent-Length: 5\r\n", "413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n",
            "200 OK\r\nContent-Length: 5\r\n", "200 OK\r\nContent-Length: 5\r\nConnection: close\r\n",
            "401 No\r\nTransfer-Encoding: chunked\r\n", "200 OK\r\nTransfer-Encoding: chunked\r\n",
        ], [false, true])
    func resetBehind(_ head: String, _ isStarved: Bool) throws {
        let body = head.contains("chunked") ? "5\r\nlarge\r\n0\r\n\r\n" : "large"
        let recorder = try refused("HTTP/1.1 \(head)\r\n\(body)", isStarved: isStarved)
        #expect(recorder.outcome() == .complete)
        #expect(recorder.now.heads.count == 1 && recorder.now.body == Array("large".utf8))
    }

    /// The client takes nothing of it until the reset is there; a full send buffer has curl wait to write.
    @Test(
        "One that waits to be taken outlives the reset behind it",
        arguments: ["Content-Length: 60000", "Transfer-Encoding: chunked"])
    func waitsToBeTaken(_ framing: String) throws {
        let body = pattern(60_000)
        let recorder = Recorder(sending: nil, intake: { $0 == 0 ? .pause : .taken })
        let (mayClose, isClosed) = (Note<Bool>(), Note<Bool>())
        try withServer({ _ in }, maximumSegment: 536) { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
            let isChunked = framing.contains("chunked")
            try client.send(
                (isChunked ? Array("ea60\r\n".utf8) : []) + body + (isChunked ? Array("\r\n0\r\n\r\n".utf8) : []))
            guard client.waitUntilTaken() else { return }
            _ = mayClose.read()
            client.close()
            isClosed.write(true)
        } run: { server, driver in
            recorder.begin(try upload(to: server), on: driver)
            recorder.supply(pattern(1 << 20))
            try #require(recorder.wait { $0.offers == 1 })
            driver.fromTimer {
                mayClose.write(true)
                _ = isClosed.read()
                // After the turn in which the socket tells of it.
                recorder.onLoop { $0.resume() }
            }
            #expect(recorder.outcome() == .complete)
        }
        let isWhole = recorder.now.body == body
        #expect(isWhole && recorder.now.misuses == 0)
    }

    @Test("One that is cut off is cut off, whether or not the request's body is waited for", arguments: [false, true])
    func cut(_ isStarved: Bool) throws {
        for status in ["200 OK", "500 No"] {
            let recorder = try refused("HTTP/1.1 \(status)\r\nContent-Length: 9\r\n\r\nlarge", isStarved: isStarved)
            #expect(recorder.error()?.kind == .cut)
            #expect(recorder.error()?.hasConnected == true)
        }
    }

    @Test("After a refusal nothing more is asked of the client, and the response's end is the end")
    func refusal() throws {
        let recorder = Recorder(sending: nil, intake: { $0 == 0 ? .pause : .taken })
        let isDone = Note<Bool>()
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            try client.send(
                "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nno\r\n0\r\n\r\n")
            _ = isDone.read()
        } run: { server, driver in
            recorder.begin(try upload(to: server), on: driver)
            try #require(recorder.wait { $0.offers == 1 })
            let wishes = recorder.now.wishes
            recorder.supply(pattern(1_000))
            recorder.onLoop { $0.resume() }
            #expect(recorder.outcome() == .complete)
            #expect(recorder.now.wishes == wishes)
            isDone.write(true)
        }
        #expect(recorder.now.body == Array("no".utf8))
    }

    @Test(
        "A client that stops at a complete response hears of its end",
        arguments: [
            "Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: t\r\n\r\n",
        ],
        [false, true])
    func clientStops(_ rest: String, _ isPaused: Bool) throws {
        let recorder = Recorder(sending: nil, intake: { $0 == 0 && isPaused ? .pause : .taken })
        let isDone = Note<Bool>()
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 200 OK\r\n\(rest)")
            _ = isDone.read()
        } run: { server, driver in
            recorder.begin(try upload(to: server, limit: .milliseconds(200)), on: driver)
            recorder.supply(pattern(1_000))
            try #require(recorder.wait { $0.offers == 1 })
            if isPaused { recorder.onLoop { $0.resume() } }
            #expect(recorder.outcome() == .complete)
            isDone.write(true)
        }
        #expect(recorder.now.body == Array("ok".utf8))
        #expect(recorder.now.trailers.count == (rest.contains("Trailer") ? 1 : 0))
    }

    @Test(
        "One that doesn't go on runs into the time limit, on an idle driver and on a busy one",
        arguments: [false, true])
    func stalls(_ isBusy: Bool) throws {
        let (recorder, other) = (Recorder(sending: nil), Recorder())
        let isDone = Flag()
        try withServer({ _ in }) { client, _ in
            let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
            if head.hasPrefix("GET") {
                try client.send("HTTP/1.1 200 OK\r\n\r\n")
                while !isDone.isSet { try client.send(pattern(1_000)) }
            } else {
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome")
                // Its orderly end or its reset.
                while let bytes = try? client.read(), !bytes.isEmpty {}
            }
        } run: { server, driver in
            if isBusy {
                other.begin(TransferRequest(try TransferURL(server.url)), on: driver)
                try #require(other.wait { $0.offers > 0 })
            }
            recorder.begin(try upload(to: server, limit: .milliseconds(300)), on: driver)
            #expect(recorder.error()?.kind == .timeout)
            other.onLoop { $0.cancel() }
            isDone.set()
        }
    }

    @Test("A transfer that is resumed in the turn of its connection's reset is cut off")
    func resumedAtReset() throws {
        let recorder = Recorder(sending: nil)
        let (mayClose, isClosed) = (Note<Bool>(), Note<Bool>())
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            _ = mayClose.read()
            client.close()
            isClosed.write(true)
        } run: { server, driver in
            recorder.begin(try upload(to: server), on: driver)
            recorder.supply(pattern(1_000))
            try #require(recorder.wait { $0.toSend.isEmpty && $0.wishes > 1 })
            driver.fromTimer {
                mayClose.write(true)
                _ = isClosed.read()
                recorder.onLoop { $0.resumeSending() }
            }
            #expect(recorder.error()?.kind == .cut)
        }
    }

    @Test("A chunked body keeps its framing behind a head that takes many writes")
    func longHead() throws {
        let smuggled = Array("0\r\n\r\nGET /admin HTTP/1.1\r\nHost: other\r\n\r\n".utf8)
        let body = smuggled + pattern(300_000)
        let recorder = Recorder(sending: body)
        let seen = Note<[UInt8]>()
        // Small segments, hence a small send buffer at the other end.
        let server = try RawServer(maximumSegment: 536) { client, _ in
            _ = try client.readHeadBytes()
            seen.write(try client.readChunkedBody())
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
        let driver = TransferDriver()
        var request = TransferRequest(try TransferURL(server.url), method: .post)
        for number in 0..<150 {
            let name = try #require(HTTPField.Name("X-Field-\(number)"))
            request.fields.append(HTTPField(name: name, value: String(repeating: "a", count: 1_000)))
        }
        request.body = .chunked
        recorder.begin(request, on: driver)
        #expect(recorder.outcome() == .complete)
        driver.shutdown()
        server.stop()
        #expect(seen.read() == body)
    }
}

import EventLoops
import Foundation
import HTTPSemantics
import HTTPTransfers
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Connections are used again only when they are clean")
struct PoolTests {
    /// Answers every request on a connection in the same way, then does something more.
    private func responding(
        _ response: String, then: @escaping @Sendable (RawClient, _ number: Int) throws -> Void = { _, _ in }
    ) -> RawServer.Handler {
        { client, number in
            while true {
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                if head.contains("Content-Length: 4\r\n") { _ = try client.read(exactly: 4) }
                try client.send(response.replacing("{n}", with: "\(number)"))
                try then(client, number)
            }
        }
    }

    private func fetch(
        _ server: RawServer, _ driver: TransferDriver, _ method: HTTPMethod = .get, fields: HTTPFields = [:]
    ) throws -> Recorder.Record {
        let recorder = Recorder(sending: Array("body".utf8))
        var request = TransferRequest(try TransferURL(server.url), method: method, fields: fields)
        if ![.get, .head, .options].contains(method) { request.body = .length(4) }
        recorder.begin(request, on: driver)
        #expect(recorder.outcome() == .complete)
        #expect(recorder.now.misuses == 0)
        return recorder.now
    }

    @Test(
        "After a clear end a connection is used again",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{n}", "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{n}\r\n0\r\nX-Trailer: t\r\n\r\n",
            "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\nKeep-Alive: timeout=5\r\n\r\n{n}",
        ])
    func reused(_ response: String) throws {
        try withServer({ _ in }, responding(response)) { server, driver in
            // A refused body is in doubt.
            let isRefusal = !response.contains("HTTP/1.1 2")
            let methods: [HTTPMethod] = isRefusal ? [.get, .options, .get] : [.get, .post, .get, .delete]
            for method in methods { _ = try fetch(server, driver, method) }
            #expect(server.acceptedConnections == 1)
        }
    }

    @Test(
        "After any other end it is not, though nothing more comes",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{n}surplus", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 2",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 2", "HTTP/1.1 304 Not Modified\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{n}\r\n0\r\n\r\nHTTP/1.1 2",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n{n}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\n{n}\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length : 7\r\n\r\n",
            "HTTP/1.0 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 401 Who\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
        ])
    func notReused(_ response: String) throws {
        try withServer({ _ in }, responding(response)) { server, driver in
            for method in [.get, .post, .get] as [HTTPMethod] {
                let connections = server.acceptedConnections
                let record = try fetch(server, driver, method)
                if response.contains("{n}") { #expect(record.body == Array("\(connections)".utf8)) }
                #expect(server.acceptedConnections == connections + 1)
            }
        }
    }

    @Test("HEAD leaves a clean connection, and its surplus is noticed, too")
    func head() throws {
        let isSurplus = Flag()
        try withServer({ _ in }) { client, _ in
            while true {
                _ = try client.readHeadBytes()
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" + (isSurplus.isSet ? "surplus" : ""))
            }
        } run: { server, driver in
            for _ in 0..<3 { _ = try fetch(server, driver, .head) }
            #expect(server.acceptedConnections == 1)
            isSurplus.set()
            for _ in 0..<3 { _ = try fetch(server, driver, .head) }
            #expect(server.acceptedConnections == 3)
        }
    }

    /// Case: an origin that answers, waits and answers again.
    @Test(
        "An unsolicited response, and an end, reach no request, whatever the next method",
        arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", "H", ""], ["GET", "POST", "PUT", "DELETE"])
    func unsolicited(_ stray: String, _ name: String) throws {
        let method = try #require(HTTPMethod(name))
        let (isTaken, isSent) = (Note<Bool>(), Note<Bool>())
        let handler = responding("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{n}") { client, number in
            guard number == 0 else { return }
            _ = isTaken.read()
            stray.isEmpty ? client.closeWriting() : try client.send(stray)
            isSent.write(true)
            // Its orderly end or its reset.
            while let bytes = try? client.read(), !bytes.isEmpty {}
            throw RawClient.Failure.endedEarly
        }
        try withServer({ _ in }, handler) { server, driver in
            #expect(try fetch(server, driver).body == Array("0".utf8))
            isTaken.write(true)
            try #require(isSent.read() == true)
            for _ in 0..<3 { #expect(try fetch(server, driver, method).body == Array("1".utf8)) }
            #expect(server.acceptedConnections == 2)
        }
    }

    @Test("What a kept connection brings instead of a head is asked for again on a fresh one, but sent once")
    func garbage() throws {
        let requests = Lock<[String]>([])
        let handler: RawServer.Handler = { client, number in
            for turn in 0... {
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                requests.withLock { $0.append(String(head.prefix { $0 != " " })) }
                if head.hasPrefix("POST") { _ = try client.read(exactly: 4) }
                let good = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)"
                try client.send(turn == 0 ? good : "EVIL 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
            }
        }
        try withServer({ _ in }, handler) { server, driver in
            #expect(try fetch(server, driver).body == Array("0".utf8))
            #expect(try fetch(server, driver).body == Array("1".utf8))
            #expect(requests.withLock { $0 } == ["GET", "GET", "GET"])
            let post = Recorder(sending: Array("body".utf8))
            var request = TransferRequest(try TransferURL(server.url), method: .post)
            request.body = .length(4)
            post.begin(request, on: driver)
            #expect(post.error()?.kind == .badResponse && post.now.heads.isEmpty)
            #expect(requests.withLock { $0 } == ["GET", "GET", "GET", "POST"])
        }
    }

    /// Case: idle connections end just as they are used again.
    @Test("Where the origin closes in the moment of reuse, only what may be repeated arrives twice")
    func closesAtReuse() throws {
        let server = try ClosingServer()
        let driver = TransferDriver()
        var failures = 0
        for round in 0..<ClosingServer.rounds {
            let method = ([.get, .post, .put, .delete] as [HTTPMethod])[round % 4]
            let recorder = Recorder(sending: Array("body".utf8))
            var request = TransferRequest(try TransferURL(server.url + "/\(round)"), method: method)
            if method == .post || method == .put { request.body = .length(4) }
            recorder.begin(request, on: driver)
            switch recorder.outcome() {
            case .complete: #expect(recorder.now.body == Array("/\(round)".utf8))
            case .failed(let error):
                failures += 1
                #expect(method != .get && error.kind == .cut && recorder.now.heads.isEmpty)
            default: Issue.record("no outcome")
            }
        }
        driver.shutdown()
        server.stop()
        #expect(server.arrivals.count >= ClosingServer.rounds - failures)
        #expect(server.arrivals.allSatisfy { $0.value == 1 || $0.key.hasPrefix("GET") && $0.value == 2 })
        #expect(server.closes >= ClosingServer.rounds / 2)
    }

    /// Case: a server that answers with 408 on a connection it is about to end.
    @Test("A 408 on a kept connection is not this request's, unless it may be sent only once")
    func timedOut() throws {
        let handler: RawServer.Handler = { client, number in
            for turn in 0... {
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                if head.hasPrefix("POST") { _ = try client.read(exactly: 4) }
                let status = turn == 0 && number < 2 ? "200 OK" : "408 Request Timeout"
                try client.send("HTTP/1.1 \(status)\r\nContent-Length: 1\r\n\r\n\(number)")
            }
        }
        try withServer({ _ in }, handler) { server, driver throws in
            #expect(try fetch(server, driver).heads.map(\.status) == [200])
            #expect(try fetch(server, driver).body == Array("1".utf8))
            #expect(try fetch(server, driver, .post).heads.map(\.status) == [408])
            // On a fresh connection it is the response.
            #expect(try fetch(server, driver).heads.map(\.status) == [408])
        }
    }

    /// Case: an upload is refused before its body was read, and the server doesn't read on.
    @Test("After a refused upload the connection is not used again")
    func refusedUpload() throws {
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n")
            // Its orderly end or its reset.
            while let bytes = try? client.read(), !bytes.isEmpty {}
        } run: { server, driver throws in
            for _ in 0..<3 { #expect(try fetch(server, driver, .put).heads.map(\.status) == [401]) }
            #expect(server.acceptedConnections == 3)
        }
    }

    @Test("NTLM by one of two clients leaves nothing for the other")
    func ntlm() throws {
        let seen = Lock<[String]>([])
        let handler: RawServer.Handler = { client, number in
            while true {
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                seen.withLock { $0.append("\(number)\(head.contains("NTLM") ? " NTLM" : "")") }
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            }
        }
        try withServer({ _ in }, handler) { server, driver in
            let proof: HTTPFields = [.authorization: "NTLM TlRMTVNTUAADAAAA"]
            for fields in [[:], proof, [:], [:], proof, [:]] { _ = try fetch(server, driver, fields: fields) }
        }
        #expect(seen.withLock { $0 } == ["0", "0 NTLM", "1", "1", "1 NTLM", "2"])
    }

    @Test("A hundred interim responses pass, a head without end doesn't, and the connection goes with it")
    func longHeads() throws {
        let isClosed = Note<Bool>()
        let hints = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 100)
        try withServer({ _ in }) { client, number in
            _ = try client.readHeadBytes()
            try client.send("\(hints)HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 200 OK\r\n")
            while (try? client.send("X-More: and more\r\n")) != nil {}
            isClosed.write(true)
        } run: { server, driver in
            let record = try fetch(server, driver)
            #expect(record.interim.count == 100 && record.body == Array("0".utf8))
            let endless = Recorder()
            // It may not be repeated, so that this connection's end is its own.
            endless.begin(TransferRequest(try TransferURL(server.url), method: .delete), on: driver)
            #expect(endless.error()?.kind == .badResponse)
            #expect(isClosed.read() == true)
            #expect(try fetch(server, driver).body == Array("1".utf8))
        }
    }

    @Test("A transfer on a kept connection may be cancelled in every callback", arguments: Recorder.Event.allCases)
    func cancelled(_ event: Recorder.Event) throws {
        let handler: RawServer.Handler = { client, number in
            while true {
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                if head.hasPrefix("PUT") { _ = try client.read(exactly: 4) }
                try client.send("HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try client.send("1\r\n\(number)\r\n")
                try client.send("0\r\nX-Trailer: t\r\n\r\n")
            }
        }
        try withServer({ _ in }, handler) { server, driver in
            _ = try fetch(server, driver)
            let isCancelled = Note<Bool>()
            let recorder = Recorder(
                sending: Array("body".utf8),
                reaction: { happened, transfer in
                    guard happened == event else { return }
                    transfer.cancel()
                    isCancelled.write(true)
                })
            var request = TransferRequest(try TransferURL(server.url), method: .put)
            request.body = .length(4)
            recorder.begin(request, on: driver)
            #expect(isCancelled.read() == true)
            for _ in 0..<2 {
                let connections = server.acceptedConnections
                #expect(
                    try fetch(server, driver).body == Array("\(max(connections, 1) - 1)".utf8)
                        || server.acceptedConnections == connections + 1)
            }
            #expect(server.acceptedConnections <= 2 && recorder.now.misuses == 0)
        }
    }
}

@Suite("How many connections are kept, and for how long")
struct PoolLimitTests {
    /// A server that tells when a connection ends at the client's side.
    private func withKept(
        _ count: Int, _ adjust: (inout TransferSettings) -> Void, closesItsSide: Bool = false,
        run: (_ ended: Counter, RawServer, TransferDriver) throws -> Void
    ) throws {
        let (ended, together) = (Counter(), Counter())
        try withServer(adjust) { client, _ in
            _ = try client.readHeadBytes()
            together.add()
            _ = together.wait(for: count)
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
            if closesItsSide { client.closeWriting() }
            _ = try? client.read()
            ended.add()
        } run: { server, driver in
            let recorders = (0..<count).map { _ in Recorder() }
            for recorder in recorders { recorder.begin(TransferRequest(try TransferURL(server.url)), on: driver) }
            for recorder in recorders { #expect(recorder.outcome() == .complete) }
            #expect(server.acceptedConnections == count)
            try run(ended, server, driver)
        }
        #expect(ended.wait(for: count))
    }

    @Test("No more are kept for a server, nor in all, than is said; the rest end at once")
    func limits() throws {
        try withKept(4, { $0.pool.idlePerServer = 1 }) { ended, _, _ in
            #expect(ended.wait(for: 3))
            #expect(ended.value == 3)
        }
        try withKept(4, { $0.pool.idleInAll = 2 }) { ended, _, _ in
            #expect(ended.wait(for: 2))
            #expect(ended.value == 2)
        }
    }

    @Test("One that is idle for too long ends, though no request comes")
    func idleTime() throws {
        try withKept(2, { $0.pool.idleTimeout = .milliseconds(100) }) { ended, _, driver in
            #expect(ended.wait(for: 2))
            // curl has closed the sockets as well.
            #expect(eventually { descriptors(of: driver) == 0 })
        }
    }

    @Test("What a server has closed doesn't wait for the next request")
    func closedByServer() throws {
        try withKept(2, { _ in }, closesItsSide: true) { ended, _, driver in
            #expect(ended.wait(for: 2))
            #expect(eventually { descriptors(of: driver) == 0 })
        }
    }

    @Test("The driver's end is the end of all")
    func shutdown() throws {
        try withKept(3, { _ in }) { ended, _, driver in
            #expect(ended.value == 0 && descriptors(of: driver) == 3)
            driver.shutdown()
            #expect(ended.wait(for: 3))
        }
    }

    private func descriptors(of driver: TransferDriver) -> Int? {
        let count = Note<Int>()
        driver.loop.post { count.write(driver.openConnections) }
        return count.read()
    }
}

@Suite("Connections that look alike to curl")
struct PoolKeyTests {
    @Test("HTTP/2 and HTTP/1.1 to one host, in turns")
    func versions() throws {
        let authority = try TestAuthority()
        let directory = try TemporaryDirectory()
        let nginx = try Nginx(serving: directory.path(""), location: "return 204;", identity: authority.identity)
        defer { nginx.stop() }
        var settings = TransferSettings()
        settings.certificateAuthorities = authority.certificate
        let driver = TransferDriver(settings)
        defer { driver.shutdown() }
        for version in [.http2, .http1, .http1, .http2, .http2, .http1] as [TransferRequest.HTTPVersion] {
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL(nginx.url))
            request.httpVersion = version
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
            if version == .http1 { #expect(recorder.head?.httpVersion == "1.1") }
        }
        let versions = Set(try nginx.accesses(atLeast: 6).map(\.version))
        #expect(versions == ["HTTP/1.1", "HTTP/2.0"])
    }

    @Test("A tunnel is used again by those alone that would open it with the same credentials")
    func tunnels() throws {
        let authority = try TestAuthority()
        let directory = try TemporaryDirectory()
        let nginx = try Nginx(serving: directory.path(""), location: "return 204;", identity: authority.identity)
        let port = nginx.port
        let opened = Lock<[String]>([])
        let proxy = try FaultyOrigin { request, connection in
            opened.withLock { $0.append(request.headers[.proxyAuthorization] ?? "none") }
            connection.tunnel(to: port)
        }
        var settings = TransferSettings()
        settings.certificateAuthorities = authority.certificate
        settings.proxy = proxy.url
        let driver = TransferDriver(settings)
        for name in ["a", "a", "b", "b", "none", "none"] {
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL(nginx.url))
            if name != "none" { request.proxyFields = [.proxyAuthorization: name] }
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
        }
        driver.shutdown()
        proxy.stop()
        nginx.stop()
        #expect(opened.withLock { $0 } == ["a", "b", "none"])
    }
}

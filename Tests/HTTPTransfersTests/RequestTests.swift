import HTTPSemantics
import HTTPTransfers
import SeedTestSupport
import Testing

@Suite("What leaves is what was meant, octet for octet")
struct RequestTests {
    /// Sends a request and gives back its head as it came.
    private func sent(
        _ body: [UInt8] = [], _ make: (RawServer) throws -> TransferRequest
    ) throws -> (head: String, outcome: TransferOutcome?) {
        let seen = Note<[UInt8]>()
        let recorder = Recorder(sending: body)
        try withServer({ _ in }) { client, _ in
            seen.write(try client.readHeadBytes())
            try client.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            _ = try client.readToEnd()
        } run: { server, driver in
            recorder.begin(try make(server), on: driver)
            _ = recorder.outcome()
        }
        let head = String(decoding: try #require(seen.read()), as: UTF8.self)
        return (head, recorder.outcome())
    }

    @Test(
        "A URL's target leaves as it is written, an empty path as a slash",
        arguments: [
            ("", "/"), ("/", "/"), ("?", "/?"), ("?a=b", "/?a=b"), ("/x?", "/x?"), ("/x??", "/x??"),
            ("/a/../b/./c//d", "/a/../b/./c//d"), ("/..", "/.."), ("/a%2Fb%2f", "/a%2Fb%2f"), ("/%zz", "/%zz"),
            ("/é?ü=ß", "/é?ü=ß"), ("/a|b{c}\"<>^`", "/a|b{c}\"<>^`"), ("/x#fragment", "/x"), ("#f", "/"),
            ("/x?a#b?c", "/x?a"), ("/a;b=c,d:e@f", "/a;b=c,d:e@f"),
        ])
    func targets(_ written: String, _ expected: String) throws {
        let (head, outcome) = try sent { TransferRequest(try TransferURL($0.url + written)) }
        #expect(head.prefix { $0 != "\r\n" } == "GET \(expected) HTTP/1.1")
        #expect(outcome == .complete)
    }

    @Test(
        "A target of its own leaves octet for octet, whatever the URL says",
        arguments: [
            Array("*".utf8), Array("http://H".utf8), Array("http://h:80/x?".utf8), Array("/a/../%2F?#".utf8),
            Array("/".utf8) + Array(0x80...0xff), Array("/".utf8) + [UInt8](repeating: 0x61, count: 16 << 10),
        ])
    func ownTargets(_ target: [UInt8]) throws {
        let seen = Note<[UInt8]>()
        let recorder = Recorder()
        try withServer({ _ in }) { client, _ in
            seen.write(try client.readHeadBytes())
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        } run: { server, driver in
            let url = try TransferURL(server.url + "/other?q")
            recorder.begin(TransferRequest(url, method: .options, target: target), on: driver)
            #expect(recorder.outcome() == .complete)
        }
        let line = try #require(seen.read()).prefix { $0 != 13 }
        #expect(Array(line) == Array("OPTIONS ".utf8) + target + Array(" HTTP/1.1".utf8))
    }

    @Test(
        "A target that would end the request line is refused, and nothing leaves",
        arguments: ["", "/a b", "/a\r\nX: y", "/\0", "/\u{7f}", "/\t"])
    func badTargets(_ target: String) throws {
        let recorder = Recorder()
        try withServer({ _ in }, { _, _ in }) { server, driver in
            recorder.begin(TransferRequest(try TransferURL(server.url), target: Array(target.utf8)), on: driver)
            #expect(recorder.error()?.kind == .local)
            #expect(server.acceptedConnections == 0)
        }
    }

    @Test("Fields leave in their order, spelling and octets, and none of curl's own are added")
    func fields() throws {
        var fields = HTTPFields()
        for (name, value) in [
            ("Host", "Some.Host:80"), ("x-LOWER", "a"), ("X-Empty", ""), ("Twice", "1"), ("tWICE", "2"),
            ("X-Colon", "a: b; c"), ("Proxy-Authorization", "x"), ("Cookie", "a=b"), ("TE", "trailers"),
            ("Connection", "TE, close"),
        ] {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let (head, outcome) = try sent { TransferRequest(try TransferURL($0.url + "/"), fields: fields) }
        let expected = """
            GET / HTTP/1.1\r
            Host: Some.Host:80\r
            x-LOWER: a\r
            X-Empty:\r
            Twice: 1\r
            tWICE: 2\r
            X-Colon: a: b; c\r
            Proxy-Authorization: x\r
            Cookie: a=b\r
            TE: trailers\r
            Connection: TE, close\r
            \r

            """
        #expect(head == expected)
        #expect(outcome == .complete)
    }

    @Test("Expect leaves where it stands, first, last or alone, and is not minded")
    func expect() throws {
        for names in [["Expect"], ["Expect", "X-A"], ["X-A", "Expect"], ["Host", "Expect", "X-A"]] {
            var fields = HTTPFields()
            for name in names {
                let value = name == "Expect" ? "100-continue" : "a"
                fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
            }
            let (head, outcome) = try sent { TransferRequest(try TransferURL($0.url), fields: fields) }
            let lines = head.split(separator: "\r\n").dropFirst().filter { !$0.hasPrefix("Host: 127") }
            #expect(lines.map { String($0.prefix { $0 != ":" }) }.sorted() == names.sorted())
            #expect(lines.contains("Expect: 100-continue"))
            #expect(outcome == .complete)
        }
    }

    @Test("Expect leaves beside an empty field as it should, and so does an empty Expect")
    func expectBesideEmpty() throws {
        for (fields, lines) in [
            ([("X-Empty", ""), ("Expect", "100-continue")], "X-Empty:\r\nExpect: 100-continue\r\n"),
            ([("Expect", "100-continue"), ("X-Empty", "")], "X-Empty:\r\nExpect: 100-continue\r\n"),
            ([("X-A", "a"), ("Expect", "")], "X-A: a\r\nExpect:\r\n"),
        ] {
            var sent = HTTPFields([(HTTPField.Name.host, "h")].map { HTTPField(name: $0, value: $1) })
            for (name, value) in fields {
                sent.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
            }
            if fields[0].0 == "Expect" { sent.removeFirst() }
            let (head, outcome) = try self.sent { TransferRequest(try TransferURL($0.url), fields: sent) }
            #expect(head.hasSuffix("\r\n\(lines)\r\n"), "\(head)")
            #expect(outcome == .complete)
        }
    }

    @Test("Bodies in chunks are declared so where nothing else is sent, and only they")
    func declaredChunks() throws {
        for (body, fields, lines) in [
            (TransferRequest.Body.chunked, [:], "Transfer-Encoding: chunked\r\n"),
            (.chunked, [.contentLength: "5", .accept: "a"], "Accept: a\r\nTransfer-Encoding: chunked\r\n"),
            (.chunked, [.transferEncoding: "chunked", .accept: "a"], "Accept: a\r\nTransfer-Encoding: chunked\r\n"),
            (.none, [.transferEncoding: "chunked", .accept: "a"], "Accept: a\r\n"),
        ] as [(TransferRequest.Body, HTTPFields, String)] {
            var port: UInt16 = 0
            let (head, outcome) = try sent { server in
                port = server.port
                var request = TransferRequest(try TransferURL(server.url), method: .post, fields: fields)
                request.body = body
                return request
            }
            #expect(head == "POST / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(lines)\r\n")
            #expect(outcome == .complete)
        }
    }

    @Test("Octets beyond ASCII in a value leave as they are")
    func octets() throws {
        let seen = Note<[UInt8]>()
        let recorder = Recorder()
        let value: [UInt8] = [0x61, 0xe9, 0xff, 0x80, 0x62]
        try withServer({ _ in }) { client, _ in
            seen.write(try client.readHeadBytes())
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        } run: { server, driver in
            let fields: HTTPFields = [.host: "h"]
            var request = TransferRequest(try TransferURL(server.url), fields: fields)
            request.fields.append(HTTPField(name: .userAgent, value: value))
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
        }
        let expected =
            Array("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: ".utf8) + value + Array("\r\n\r\n".utf8)
        #expect(try #require(seen.read()) == expected)
    }

    @Test(
        "Each method leaves with the framing that was asked for, and no other",
        arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MKCOL", "get"])
    func methods(_ name: String) throws {
        let method = try #require(HTTPMethod(name))
        for (framing, line) in [
            (TransferRequest.Body.none, ""), (.length(0), "Content-Length: 0\r\n"),
            (.length(5), "Content-Length: 5\r\n"), (.chunked, "Transfer-Encoding: chunked\r\n"),
        ] {
            let (head, outcome) = try sent(framing == .length(5) ? Array("hello".utf8) : []) { server in
                var request = TransferRequest(try TransferURL(server.url), method: method, fields: [.host: "h"])
                request.body = framing
                return request
            }
            #expect(head == "\(name) / HTTP/1.1\r\nHost: h\r\n\(line)\r\n")
            #expect(outcome == .complete)
        }
    }

    @Test("A body's bytes arrive whole, by length and in chunks, however they are supplied", arguments: [true, false])
    func bodies(_ isChunked: Bool) throws {
        let body = pattern(3_000_001)
        let seen = Note<[UInt8]>()
        let recorder = Recorder(sending: nil)
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            seen.write(isChunked ? try client.readChunkedBody() : try client.read(exactly: body.count))
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        } run: { server, driver in
            var request = TransferRequest(try TransferURL(server.url), method: .put)
            request.body = isChunked ? .chunked : .length(Int64(body.count))
            recorder.begin(request, on: driver)
            for start in stride(from: 0, to: body.count, by: 400_000) {
                // Each part only once the one before is used up.
                let wishes = recorder.now.wishes
                let part = Array(body[start..<min(body.count, start + 400_000)])
                recorder.supply(part, isComplete: start + 400_000 >= body.count)
                #expect(recorder.wait { $0.toSend.isEmpty && $0.wishes > wishes })
            }
            #expect(recorder.outcome() == .complete)
        }
        #expect(seen.read() == body)
        #expect(recorder.now.body == Array("ok".utf8) && recorder.now.misuses == 0)
    }

    @Test("A body that is shorter than declared breaks the request off, and longer it never gets")
    func wrongLength() throws {
        let seen = Note<[UInt8]>()
        let (short, long) = (Recorder(sending: [1, 2, 3]), Recorder(sending: [1, 2, 3, 4, 5]))
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            let body = try client.read(exactly: 4)
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            client.closeWriting()
            seen.write(body + (try client.readToEnd()))
        } run: { server, driver in
            var request = TransferRequest(try TransferURL(server.url), method: .post)
            request.body = .length(4)
            short.begin(request, on: driver)
            #expect(short.error()?.kind == .local)
            long.begin(request, on: driver)
            #expect(long.outcome() == .complete)
        }
        #expect(seen.read() == [1, 2, 3, 4])
    }

    @Test("Through a proxy the target is in absolute form as it is written, unless one is given")
    func plainProxy() throws {
        for (url, expected) in [
            ("http://Origin.invalid", "http://Origin.invalid/"),
            ("HTTP://origin.invalid:80/x?", "http://origin.invalid:80/x?"),
            ("http://origin.invalid/a/../é#f", "http://origin.invalid/a/../é"),
        ] {
            let seen = Note<[UInt8]>()
            let recorder = Recorder()
            let server = try RawServer { client, _ in
                seen.write(try client.readHeadBytes())
                try client.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
            var settings = TransferSettings()
            settings.proxy = server.url
            let driver = TransferDriver(settings)
            recorder.begin(
                TransferRequest(try TransferURL(url), fields: [.host: "h"], isThroughPlainProxy: true), on: driver)
            #expect(recorder.outcome() == .complete)
            driver.shutdown()
            server.stop()
            let head = String(decoding: try #require(seen.read()), as: UTF8.self)
            #expect(head == "GET \(expected) HTTP/1.1\r\nHost: h\r\n\r\n")
        }
    }

    @Test("A proxy that opens no tunnel makes the origin unreachable")
    func noTunnel() throws {
        for status in ["403 No", "407 Proxy Authentication Required", "502 Bad Gateway", nil] {
            let recorder = Recorder()
            let server = try RawServer { client, _ in
                _ = try client.readHeadBytes()
                if let status { try client.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n") }
            }
            var settings = TransferSettings()
            settings.proxy = server.url
            let driver = TransferDriver(settings)
            recorder.begin(TransferRequest(try TransferURL("https://origin.invalid/")), on: driver)
            #expect(recorder.error()?.kind == (status == nil ? .unreachable : .noTunnel))
            #expect(recorder.error()?.hasConnected == false)
            driver.shutdown()
            server.stop()
        }
    }

    @Test("A proxy behind TLS is judged by the configured authorities, too")
    func tlsProxy() throws {
        let authority = try TestAuthority()
        let directory = try TemporaryDirectory()
        let nginx = try Nginx(serving: directory.path(""), location: "return 204;", identity: authority.identity)
        defer { nginx.stop() }
        for (file, isTrusted) in [(authority.certificate, true), (nil, false)] as [(String?, Bool)] {
            let recorder = Recorder()
            var settings = TransferSettings()
            settings.proxy = nginx.url
            settings.certificateAuthorities = file
            let driver = TransferDriver(settings)
            defer { driver.shutdown() }
            let url = try TransferURL("http://origin.invalid/x")
            recorder.begin(TransferRequest(url, isThroughPlainProxy: true), on: driver)
            if isTrusted { #expect(recorder.outcome() == .complete) } else { #expect(recorder.error()?.kind == .tls) }
        }
    }
}

import HTTPSemantics
import SeedOrigin
import SeedTestSupport
import Testing

@Suite("Redirects")
struct RedirectTests {
    private let secrets: HTTPFields = [
        .authorization: "Bearer t", .cookie: "session=1", HTTPField.Name("X-Auth-Token")!: "t",
        HTTPField.Name("X-Amz-Security-Token")!: "t", .accept: "text/plain",
    ]

    @Test(
        "A relative redirect is followed on the same origin, with its credentials",
        arguments: [301, 302, 303, 307, 308])
    func relative(_ status: Int) throws {
        let recorder = Recorder()
        let object = pattern(1000)
        try withOrigins({ _ in }) { request, connection in
            if request.target == "/a/b?x=1" {
                connection.respond("\(status) Moved", ["Location: ../c%2Fd?y=2"], body: pattern(500))
            } else {
                connection.serve(object, to: request)
            }
        } run: { faulty, curl in
            _ = curl.start(
                OriginRequest(url: faulty.url + "/a/b?x=1", headers: secrets, range: .from(10)), into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(faulty.requests.map(\.target) == ["/a/b?x=1", "/c%2Fd?y=2"])
            #expect(faulty.requests.last?.headers[.authorization] == "Bearer t")
            #expect(faulty.requests.last?.headers[.range] == "bytes=10-")
            #expect(faulty.acceptedConnections == 1)
            #expect(recorder.head?.url == faulty.url + "/c%2Fd?y=2")
        }
        #expect(recorder.now.heads.map(\.status) == [206])
        #expect(recorder.now.body == Array(object[10...]))
    }

    @Test("Nothing that proves a right crosses origins, not even on the way back")
    func credentialsStay() throws {
        let recorder = Recorder()
        let other = try FaultyOrigin { request, connection in
            let home = "http://127.0.0.1:\(request.target.dropFirst())/back"
            connection.respond("302 Found", ["Location: \(home)"])
        }
        defer { other.stop() }
        try withOrigins({ _ in }) { [other] request, connection in
            if request.target == "/back" {
                connection.respond("200 OK", body: [1])
            } else {
                let home = request.headers[HTTPField.Name("X-Home")!] ?? ""
                connection.respond("307 Temporary Redirect", ["Location: \(other.url)/\(home)"])
            }
        } run: { faulty, curl in
            var headers = secrets
            headers[HTTPField.Name("X-Home")!] = String(faulty.port)
            _ = curl.start(OriginRequest(url: faulty.url + "/start", headers: headers), into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(faulty.requests.map { $0.headers[.authorization] } == ["Bearer t", nil])
            let crossed = try #require(other.requests.first).headers
            #expect(crossed[.authorization] == nil)
            #expect(crossed[.cookie] == nil)
            #expect(crossed[HTTPField.Name("X-Auth-Token")!] == nil)
            #expect(crossed[HTTPField.Name("X-Amz-Security-Token")!] == nil)
            #expect(crossed[.accept] == "text/plain")
        }
    }

    @Test("Endless redirects end")
    func loop() throws {
        let recorder = Recorder()
        try withOrigins({ $0.maxRedirects = 3 }, { $1.respond("302 Found", ["Location: /again"]) }) { faulty, curl in
            _ = curl.start(OriginRequest(url: faulty.url), into: recorder)
            #expect(recorder.error()?.kind == .tooManyRedirects)
            #expect(faulty.requests.count == 4)
        }
        #expect(recorder.now.heads.isEmpty)
    }

    @Test(
        "A redirect to another scheme or with a user name is not followed",
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:secret@127.0.0.1/", "http://[bad/"])
    func unfollowed(_ location: String) throws {
        let recorder = Recorder()
        try withOrigins({ _ in }, { $1.respond("302 Found", ["Location: \(location)"]) }) { faulty, curl in
            _ = curl.start(OriginRequest(url: faulty.url), into: recorder)
            let error = try #require(recorder.error())
            #expect(error.kind == .badResponse)
            #expect(!error.message.contains("secret"))
        }
    }

    @Test("A redirect to a forbidden address is blocked")
    func forbidden() throws {
        let recorder = Recorder()
        try withOrigins({ _ in }, { $1.respond("302 Found", ["Location: http://169.254.169.254/latest"]) }) {
            _ = $1.start(OriginRequest(url: $0.url), into: recorder)
            #expect(recorder.error()?.kind == .blocked)
        }
    }

    @Test("A redirect to a URL that the operator forbids is not followed, nor is a remembered one once it is forbidden")
    func blockList() throws {
        try withOrigins(
            { _ in },
            { request, connection in
                if request.target == "/" {
                    connection.respond("302 Found", ["Location: /secret"])
                } else {
                    connection.serve([1], to: request)
                }
            }
        ) { faulty, curl in
            func outcome() -> OriginError? {
                let recorder = Recorder()
                _ = curl.start(OriginRequest(url: faulty.url + "/"), into: recorder)
                return recorder.error()
            }
            #expect(outcome() == nil)
            curl.forbidden.replace { $0.hasSuffix("/secret") }
            #expect(outcome()?.kind == .blocked)
            #expect(faulty.requests.filter { $0.target == "/secret" }.count == 1)
            curl.forbidden.replace { _ in false }
            #expect(outcome() == nil)
        }
    }

    @Test("A redirect with a long body is followed without reading it all")
    func longBody() throws {
        let recorder = Recorder()
        try withOrigins({ _ in }) { request, connection in
            if request.target == "/" {
                connection.respond("302 Found", ["Location: /there"], body: [UInt8](repeating: 7, count: 10_000_000))
            } else {
                connection.respond(body: [7])
            }
        } run: { faulty, curl in
            _ = curl.start(OriginRequest(url: faulty.url), into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(recorder.now.body == [7])
        }
    }

    @Test("A 3xx without Location is the final response", arguments: [300, 302, 304])
    func final(_ status: Int) throws {
        let recorder = Recorder()
        try withOrigins({ _ in }, { $1.head("\(status) Whatever", "Content-Length: 0") }) { faulty, curl in
            _ = curl.start(OriginRequest(url: faulty.url), into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(recorder.head?.status == status)
        }
    }

    @Test("A Location of more than 8 KiB is not followed, nor one that makes a URL of more than 16 KiB")
    func longLocation() throws {
        func outcome(of location: String, from path: String = "/") throws -> OriginOutcome? {
            let recorder = Recorder()
            try withOrigins({ _ in }) { request, connection in
                if request.target == path {
                    connection.respond("302 Found", ["Location: \(location)"])
                } else {
                    connection.respond("200 OK", body: [1])
                }
            } run: { faulty, curl in
                _ = curl.start(OriginRequest(url: faulty.url + path), into: recorder)
                _ = recorder.outcome()
            }
            return recorder.outcome()
        }
        func text(_ count: Int) -> String { String(repeating: "a", count: count) }
        func isRefused(_ outcome: OriginOutcome?) -> Bool {
            if case .failed(let error) = outcome { error.kind == .badResponse } else { false }
        }
        #expect(try outcome(of: "/" + text((8 << 10) - 1)) == .complete(hasCleanEnd: true))
        #expect(isRefused(try outcome(of: "/" + text(8 << 10))))
        #expect(isRefused(try outcome(of: text(6 << 10), from: "/\(text(12 << 10))/x")))
    }
}

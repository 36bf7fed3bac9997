import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedEngine
import Testing

@testable import SeedProxy

@Suite("Request forms, policy and plans")
struct RequestTests {
    private func head(_ target: String, method: String = "GET", _ fields: HTTPFields = [:]) throws -> RequestHead {
        let lines = fields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
        return try RequestHead.parsed("\(method) \(target) HTTP/1.1\r\nHost: any\r\n\(lines)\r\n")
    }

    private func factory(
        _ rules: [ProxyRule] = [ProxyRule()], configure: (inout ProxyConfiguration) -> Void = { _ in }
    ) throws -> TaskRequestFactory {
        var configuration = ProxyConfiguration.onLoopback
        configure(&configuration)
        return TaskRequestFactory(policy: try ProxyPolicy(rules: rules), configuration: configuration)
    }

    private func template(_ plan: RequestPlan) -> TaskTemplate? {
        if case .cached(let template) = plan { template } else { nil }
    }

    private func passed(_ plan: RequestPlan) -> OriginURL? {
        if case .passThrough(let url) = plan { url } else { nil }
    }

    private func refusal(_ plan: RequestPlan) -> Refusal? {
        if case .refused(let refusal) = plan { refusal } else { nil }
    }

    @Test("A URL is taken apart for dialling and keeps path and query byte for byte")
    func urlParts() throws {
        let url = try OriginURL("HTTP://Example.COM:8080/a%2Fb/../c?x=%41&y#frag")
        #expect(url.host == "example.com")
        #expect(url.port == 8080)
        #expect(url.originForm(for: .get) == "/a%2Fb/../c?x=%41&y")
        #expect(url.authority == "example.com:8080")
        #expect(try OriginURL("https://h").port == 443)
        #expect(try OriginURL("http://h:80?q").text == "http://h/?q")
        #expect(try OriginURL("http://[::1]:81/").host == "::1")
        #expect(try OriginURL("http://[::1]:81/").authority == "[::1]:81")
        #expect(try OriginURL("http://h").originForm(for: .options) == "*")
    }

    @Test(
        "A malformed URL is refused with 400",
        arguments: [
            "/path", "*", "host:443", "ftp://h/", "http://", "http:///p", "http://u:p@h/", "http://h:0/", "http://h:x/",
            "http://h:65536/", "http://[::1", "http://[::1]x/", "http://h\\@evil/", "http://\u{e9}/", "/x?u=http://h/",
        ])
    func malformedURL(_ text: String) {
        #expect(throws: Refusal.self) { try OriginURL(text) }
        do { _ = try OriginURL(text) } catch { #expect(error.status == 400 && error.errorType == .proxy) }
    }

    @Test("A rule's regex is searched in the URL without its query")
    func regex() throws {
        var factory = try factory([ProxyRule(regex: "blobs/sha256.*")])
        #expect(template(factory.plan(for: try head("http://h/v2/x/blobs/sha256:aa"))) != nil)
        #expect(passed(factory.plan(for: try head("http://h/v2/x?blobs/sha256:aa"))) != nil)
        #expect(passed(factory.plan(for: try head("http://h/other"))) != nil)
    }

    @Test("X-Dragonfly-Use-P2P asks for the cache where no rule does, and false doesn't switch a rule off")
    func useP2P() throws {
        let name = HTTPField.Name.dragonflyUseP2P
        var none = try factory([])
        #expect(template(none.plan(for: try head("http://h/a", [name: "TRUE"]))) != nil)
        #expect(template(none.plan(for: try head("http://h/a", [name: "yes"]))) == nil)
        var all = try factory()
        #expect(template(all.plan(for: try head("http://h/a", [name: "false"]))) != nil)
    }

    @Test("Other methods, bodies and credentials go straight through")
    func straightThrough() throws {
        var factory = try factory()
        let fields: [HTTPFields] = [
            [.authorization: "Basic x"], [.cookie: "a=b"], [.contentLength: "3"], [.transferEncoding: "chunked"],
        ]
        for fields in fields { #expect(passed(factory.plan(for: try head("http://h/a", fields))) != nil, "\(fields)") }
        for method in ["PUT", "POST", "DELETE"] {
            #expect(passed(factory.plan(for: try head("http://h/a", method: method))) != nil)
        }
        #expect(passed(factory.plan(for: try head("http://h/a?X-Amz-Signature=s"))) != nil)
        #expect(template(factory.plan(for: try head("http://h/a?ns=docker.io"))) != nil)
        #expect(template(factory.plan(for: try head("http://h/a", [.range: "lines=1-2"]))) != nil)
    }

    @Test("A rule rewrites scheme and authority before the task is named, also for requests it doesn't cache")
    func rewriting() throws {
        var factory = try factory([ProxyRule(useTLS: true, redirect: "mirror.example:8443")])
        let cached = template(factory.plan(for: try head("http://h:80/a?b")))
        #expect(cached?.object.url == "https://mirror.example:8443/a?b")
        let origin = passed(factory.plan(for: try head("http://h/a", [.authorization: "x"])))
        #expect(origin?.text == "https://mirror.example:8443/a")
        #expect(passed(factory.plan(for: try head("http://h/a", method: "POST")))?.text == "http://h/a")
        #expect(try OriginURL("http://h/a").rewritten(by: ProxyRule(useTLS: true)).port == 443)
    }

    @Test("Tag, application, piece length and filtered parameters take part in the task's identity")
    func identity() throws {
        var factory = try factory()
        let plain = template(factory.plan(for: try head("http://h/a?sig=1&v=2")))
        let variants: [HTTPFields] = [
            [.dragonflyTag: "t"], [.dragonflyApplication: "a"], [.dragonflyPieceLength: "8mib"],
        ]
        for fields in variants {
            #expect(
                template(factory.plan(for: try head("http://h/a?sig=1&v=2", fields)))?.object.key != plain?.object.key,
                "\(fields)")
        }
        #expect(
            template(factory.plan(for: try head("http://h/a", [.dragonflyPieceLength: "8mib"])))?.options.pieceLength
                == 8 << 20)
        #expect(
            passed(factory.plan(for: try head("http://h/a?sig=1", [.dragonflyFilteredQueryParams: "x, sig"]))) != nil)
        let content: HTTPFields = [.dragonflyContent: "c"]
        let one = template(factory.plan(for: try head("http://h/a", content)))
        let other = template(factory.plan(for: try head("http://h/b", content)))
        #expect(one?.object.wireID == other?.object.wireID)
        #expect(one?.object.url != other?.object.url)
    }

    @Test("A signed URL goes straight through, whatever list of filtered parameters the client sends")
    func signedUnderOwnFilter() throws {
        var factory = try factory()
        for list in ["", "x"] {
            let fields: HTTPFields = [.dragonflyFilteredQueryParams: list]
            #expect(passed(factory.plan(for: try head("http://h/a?X-Amz-Signature=s", fields))) != nil, "\(list)")
        }
    }

    @Test("A manifest named by a tag is one task for each Accept; other objects don't depend on it")
    func negotiatedManifests() throws {
        var factory = try factory()
        let forms: [HTTPFields] = [[.accept: "application/a"], [.accept: "application/b"]]
        let manifests = try forms.map {
            template(factory.plan(for: try head("http://h/v2/x/manifests/latest", $0)))?.object.key
        }
        #expect(manifests[0] != nil && manifests[0] != manifests[1])
        let files = try forms.map { template(factory.plan(for: try head("http://h/file", $0)))?.object.key }
        #expect(files[0] != nil && files[0] == files[1])
    }

    @Test("What could not be stored safely is refused with 400")
    func unsafeIdentities() throws {
        var factory = try factory()
        let small = refusal(factory.plan(for: try head("http://h/a", [.dragonflyPieceLength: "1mib"])))
        #expect(small?.status == 400 && small?.errorType == .proxy)
        let blob = "http://h/v2/x/blobs/sha256:" + String(repeating: "z", count: 64)
        #expect(refusal(factory.plan(for: try head(blob, [.dragonflyBlobDigest: "true"])))?.status == 400)
        #expect(template(factory.plan(for: try head("http://h/a", [.dragonflyPieceLength: "nonsense"]))) != nil)
    }

    @Test("A request that came through us before is refused with 508")
    func loop() throws {
        var factory = try factory()
        let seen = refusal(factory.plan(for: try head("http://h/a", [.via: "1.0 a, 1.1 seed-peer (x)"])))
        #expect(seen?.status == 508 && seen?.errorType == .proxy)
        #expect(template(factory.plan(for: try head("http://h/a", [.via: "1.1 seed-peer-2"]))) != nil)
    }

    @Test("The origin gets the client's own fields, and none about this connection or this cache")
    func forwardedFields() throws {
        var factory = try factory()
        let names = [
            "Range": "bytes=5-", "Connection": "X-Private, close", "X-Private": "1", "Proxy-Authorization": "p",
            "TE": "trailers",
            "Accept-Encoding": "gzip", "X-Dragonfly-Tag": "t", "Accept": "a/b", "X-Own": "kept", "Keep-Alive": "1",
        ]
        var fields = HTTPFields()
        // Every name above is a token.
        for (name, value) in names { fields[HTTPField.Name(name)!] = value }
        let head = try head("http://h/a", fields)
        let plan = factory.plan(for: head)
        let request = factory.request(from: head, template: try #require(template(plan)), range: .from(5))
        #expect(request.range == .from(5))
        #expect(Set(request.headers.map(\.name.canonicalName)) == ["accept", "x-own", "via"])
        #expect(request.headers[.via] == "1.1 seed-peer")
    }

    @Test("A regex that is refused is named when the server starts")
    func badRegex() {
        #expect(throws: ProxyStartError.self) { try ProxyPolicy(rules: [ProxyRule(regex: "(")]) }
    }

    @Test("The plan cache keeps late plans, forgets old ones, and never keeps long keys")
    func planCache() {
        var cache = ByteCache<Int>()
        let long = [UInt8](repeating: 1, count: ByteCache<Int>.longestKey + 1)
        cache[long] = 1
        #expect(cache[long] == nil)
        let (first, used) = (Array("first".utf8), Array("used".utf8))
        cache[first] = 1
        cache[used] = 2
        for number in 0..<ByteCache<Int>.halfSize * 2 {
            cache[Array("\(number)".utf8)] = 3
            #expect(cache[used] == 2)
        }
        #expect(cache[first] == nil)
    }

    @Test(
        "Sizes are read as Dragonfly writes them",
        arguments: [
            ("8388608", 8_388_608), ("4mib", 4 << 20), (" 16 MiB ", 16 << 20), ("10MB", 10_000_000), ("64Mi", 64 << 20),
        ])
    func sizes(_ text: String, _ bytes: UInt64) {
        #expect(PieceLengthText.bytes(text) == bytes)
        #expect(PieceLengthText.bytes(text + "x") == nil)
    }
}

import DragonflyIdentity
import HTTPSemantics
import HTTPServer
import SeedEngine
import Testing

@testable import SeedProxy

@Suite("The forms of a URL (rule:one-form-of-a-url)")
struct URLFormTests {
    private func plan(
        _ target: String, _ fields: HTTPFields = [:], rules: [ProxyRule] = [ProxyRule()], blocked: [String] = [],
        configure: (inout ProxyConfiguration) -> Void = { _ in }
    ) throws -> RequestPlan {
        var configuration = ProxyConfiguration.onLoopback
        configure(&configuration)
        var factory = TaskRequestFactory(policy: try ProxyPolicy(rules: rules), configuration: configuration)
        factory.blockList = try BlockMatcher(BlockList(urls: blocked))
        let lines = fields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
        return factory.plan(for: try RequestHead.parsed("GET \(target) HTTP/1.1\r\nHost: any\r\n\(lines)\r\n"))
    }

    private func template(_ plan: RequestPlan) -> TaskTemplate? {
        if case .cached(let template) = plan { template } else { nil }
    }

    private func isBlocked(_ plan: RequestPlan) -> Bool {
        if case .refused(let refusal) = plan { refusal == .blocked } else { false }
    }

    @Test("The cache asks with plain octets for themselves; the request's own spelling is kept for what passes through")
    func fetched() throws {
        let plan = try plan("http://H:80/%61%2fb/../%7E?%78=%2B%7e")
        let template = try #require(self.template(plan))
        #expect(template.object.url == "http://h/a%2fb/../~?x=%2B~")
        #expect(template.url.text == "http://h/%61%2fb/../%7E?%78=%2B%7e")
        #expect(template.object.wireID == (try TaskIdentity(url: "http://h/%61%2fb/../%7E?%78=%2B%7e").taskID))
    }

    @Test(
        "A host has one spelling for rules, block list, key and dialling",
        arguments: [
            ("127.1", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("017700000001", "127.0.0.1"),
            ("EXAMPLE.com", "example.com"),
            ("[0:0::1]", "[::1]"), ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"), ("127.0.0.1.", "127.0.0.1"),
        ])
    func hosts(_ spelled: String, _ canonical: String) throws {
        #expect(try OriginURL("http://\(spelled)/f").authority == canonical)
        let keys = try [spelled, canonical].map { template(try plan("http://\($0)/f"))?.object.key }
        #expect(keys[0] != nil && keys[0] == keys[1])
        #expect(isBlocked(try plan("http://\(spelled)/f", blocked: [#"^http://\Q\#(canonical)\E/"#])))
    }

    @Test(
        "A host that ends in a number and is no address is refused",
        arguments: ["1.2.3.4.5", "256.1.1.1", "a.1", "a.0x"])
    func numbers(_ host: String) throws {
        guard case .refused(let refusal) = try plan("http://\(host)/f") else { return #expect(Bool(false)) }
        #expect(refusal.status == 400)
    }

    @Test(
        "A blocked URL is blocked in every spelling, cached or passed through",
        arguments: [
            "http://h/secret/f", "HTTP://H:80/secret/f", "http://h/%73ecret/f", "http://h/%73%65cret%2ff",
            "http://h/./secret/f",
            "http://h/x/../secret/f", "http://h/x/%2e%2E/secret/f", "http://h//secret//f", "http://h/secret/%2e/f",
            "http://h/secret/f?x=1", "http://h./secret/f", "http://h/x%2f..%2fsecret%2ff", "http://h/%2e/%73ecret/f?a",
            "http://h/x//../secret/f",
            "http://h/x%2f%2f../secret/f", "http://h/secret//x/../f", "http://h/x%2fy/..//secret/f",
        ])
    func blockedSpellings(_ url: String) throws {
        for fields in [[:], [.authorization: "Basic eDp5"]] as [HTTPFields] {
            #expect(isBlocked(try plan(url, fields, blocked: ["^http://h/secret/f"])))
            #expect(!isBlocked(try plan(url, fields, blocked: ["^http://h/secrets"])))
        }
    }

    @Test("What is sent is matched as well, and a query is matched decoded")
    func blockedTexts() throws {
        #expect(isBlocked(try plan("http://h/%73ecret", blocked: ["/%73ecret"])))
        #expect(isBlocked(try plan("http://h/f?%6bey=%61%2Fb", blocked: ["[?&]key=a/b"])))
    }

    @Test("Where a request is sent by way of a registry or a rule is judged, too")
    func blockedDetours() throws {
        let blocked = ["^https?://h/"]
        #expect(isBlocked(try plan("/v2/x", [.dragonflyRegistry: "http://H:80"], blocked: blocked)))
        #expect(isBlocked(try plan("/v2/x?ns=h", blocked: blocked)))
        #expect(isBlocked(try plan("/v2/x", blocked: blocked) { $0.registryMirror = "http://h" }))
        let rules = [ProxyRule(redirect: "h")]
        #expect(isBlocked(try plan("http://other/x", rules: rules, blocked: blocked)))
        #expect(isBlocked(try plan("http://other/x", [.authorization: "x"], rules: rules, blocked: blocked)))
    }

    @Test("What is left out of the key is left out of the request, too, so it can't choose what others get")
    func filtered() throws {
        let plan = try plan("http://h/f?ns=evil&x=%31")
        let template = try #require(self.template(plan))
        #expect(template.object.url == "http://h/f?x=1" && template.object.target == "/f?x=1")
        #expect(template.url.text == "http://h/f?ns=evil&x=%31")
    }

    @Test("Targets of 16 KiB are planned, matched and judged", arguments: ["%41", "../", "%2f", "a=b&", "//"])
    func longTargets(part: String) throws {
        let target = "http://h/" + String(repeating: part, count: (16 << 10) / part.utf8.count - 9)
        let rules = [ProxyRule(regex: "never"), ProxyRule()]
        #expect(template(try plan(target, rules: rules, blocked: ["never", "z$"])) != nil)
    }

    @Test("A redirect's target is judged as requests are, and what is no URL is blocked")
    func blockedTargets() throws {
        let list = try BlockMatcher(BlockList(urls: ["^http://h/secret"]))
        #expect(list.blocks("http://h/%73ecret") && list.blocks("http://127.0.0.1.9/") && !list.blocks("http://h/open"))
        #expect(try !BlockMatcher(BlockList(tags: ["x"])).blocks("http://127.0.0.1.9/"))
    }

    @Test(
        "A rule holds for what a path means, so no detour reaches its `immutable`",
        arguments: [
            ("http://h/fixed/a", true), ("http://h/%66ixed/a", true), ("http://h/x/../fixed/a", true),
            ("http://h./fixed/a", true), ("http://h/fixed/../private", false), ("http://h/fixed/%2e%2e/private", false),
            ("http://h/fixed/./../private", false),
        ])
    func rules(_ url: String, _ isImmutable: Bool) throws {
        let rules = [ProxyRule(regex: "^http://h/fixed/", immutable: true), ProxyRule()]
        #expect(template(try plan(url, rules: rules))?.freshness.isImmutable == isImmutable)
    }

    @Test("An encoded letter doesn't take Accept out of the key of a manifest named by a tag")
    func encodedManifest() throws {
        let keys = try ["application/a", "application/b"].map {
            template(try plan("http://h/v2/x/%6danifests/latest", [.accept: $0]))?.object.key
        }
        #expect(keys[0] != nil && keys[0] != keys[1])
    }

    @Test("Only digests that bytes can be compared with are immutable")
    func digests() throws {
        func isImmutable(_ digest: String) throws -> Bool? {
            template(try plan("http://h/v2/x/blobs/\(digest)"))?.freshness.isImmutable
        }
        let hash = String(repeating: "0a", count: 32)
        #expect(try isImmutable("sha256:\(hash)") == true && isImmutable("sha512:\(hash)\(hash)") == true)
        #expect(try isImmutable("crc32:1234") == false)
    }

    @Test("A text names one task of an origin only where a rule trusts its clients")
    func contentNames() throws {
        let name: HTTPFields = [.dragonflyContent: "text"]
        func keys(_ rule: ProxyRule) throws -> [StoreKey?] {
            try ["http://h/a", "http://h/b", "http://i/a"].map {
                template(try plan($0, name, rules: [rule]))?.object.key
            }
        }
        let bound = try keys(ProxyRule())
        #expect(Set(bound).count == 3 && !bound.contains(nil))
        let trusted = try keys(ProxyRule(trustContentNames: true))
        #expect(trusted[0] == trusted[1] && trusted[0] != trusted[2])
    }
}

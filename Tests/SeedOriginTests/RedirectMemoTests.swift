import Foundation
import HTTPSemantics
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Where redirects lead, as a value")
struct RedirectMemoTests {
    private let key = RedirectMemo.Key(url: "http://registry/blob", credential: .anonymous)
    private let now = Timestamp(seconds: 1_700_000_000)

    @Test("A signed target is forgotten before its signature ends, a plain one after the time to live")
    func expiry() throws {
        var memo = RedirectMemo(timeToLive: .seconds(600))
        #expect(
            memo.learn(1, key, url: "http://s/a?Expires=\(now.seconds + 300)", crossedOrigins: true, now: now) == [])
        guard case .target(let target) = memo.route(2, key, now: now + .seconds(239)) else {
            throw FixtureError("no target")
        }
        #expect(target.url.hasPrefix("http://s/a?") && target.crossedOrigins)
        #expect(memo.route(2, key, now: now + .seconds(240)) == .resolve)

        _ = memo.learn(2, key, url: "http://s/a", crossedOrigins: false, now: now)
        #expect(memo.route(3, key, now: now + .seconds(599)) != .resolve)
        #expect(memo.route(3, key, now: now + .seconds(600)) == .resolve)
    }

    @Test("What is over already is not remembered, and neither is anything when switched off")
    func nothing() {
        var memo = RedirectMemo(timeToLive: .seconds(600))
        _ = memo.learn(1, key, url: "http://s/a?Expires=\(now.seconds)", crossedOrigins: true, now: now)
        #expect(memo.route(2, key, now: now) == .unknown)
        var off = RedirectMemo(timeToLive: .zero)
        _ = off.learn(1, key, url: "http://s/a", crossedOrigins: true, now: now)
        #expect(off.route(2, key, now: now) == .unknown)
    }

    @Test("One request asks anew, the others wait for it and go where it was led")
    func shared() throws {
        var memo = RedirectMemo(timeToLive: .seconds(600))
        _ = memo.learn(1, key, url: "http://s/1", crossedOrigins: true, now: now)
        guard case .target(let old) = memo.route(2, key, now: now) else { throw FixtureError("no target") }
        memo.doubt(key, old)
        #expect(memo.route(2, key, now: now) == .resolve)
        #expect(memo.route(2, key, now: now) == .resolve)
        #expect(memo.route(3, key, now: now) == .wait)
        #expect(memo.route(4, key, now: now) == .wait)
        #expect(memo.learn(2, key, url: "http://s/2", crossedOrigins: true, now: now) == [3, 4])
        guard case .target(let fresh) = memo.route(3, key, now: now) else { throw FixtureError("no target") }
        #expect(fresh.url == "http://s/2")
        // One that was refused by the old target late finds the new one, and asks nobody.
        memo.doubt(key, old)
        #expect(memo.route(5, key, now: now) == .target(fresh))
        #expect(memo.end(2, key) == [])
    }

    @Test("If a new resolution ends without a response, its waiters proceed on their own")
    func resolverFails() throws {
        var memo = RedirectMemo(timeToLive: .seconds(600))
        _ = memo.learn(1, key, url: "http://s/1", crossedOrigins: true, now: now)
        #expect(memo.route(2, key, now: now + .seconds(600)) == .resolve)
        #expect(memo.route(3, key, now: now + .seconds(600)) == .wait)
        #expect(memo.end(3, key) == [])
        #expect(memo.end(2, key) == [3])
        #expect(memo.route(3, key, now: now + .seconds(600)) == .unknown)
    }

    @Test("W18: what one credential was led to serves no other")
    func credentials() {
        var memo = RedirectMemo(timeToLive: .seconds(600))
        let (a, b) = (Credential(parts: [("Authorization", "a")]), Credential(parts: [("Authorization", "b")]))
        let url = "http://registry/blob"
        _ = memo.learn(1, .init(url: url, credential: a), url: "http://s/a", crossedOrigins: true, now: now)
        #expect(memo.route(2, .init(url: url, credential: b), now: now) == .unknown)
        #expect(memo.route(2, .init(url: url, credential: .anonymous), now: now) == .unknown)
        #expect(memo.route(2, .init(url: url, credential: a), now: now) != .unknown)
    }

    @Test("The memo stays small, and keeps what is used")
    func bounded() {
        var memo = RedirectMemo(capacity: 100, timeToLive: .seconds(600))
        let kept = RedirectMemo.Key(url: "kept", credential: .anonymous)
        _ = memo.learn(0, kept, url: "http://s/kept", crossedOrigins: true, now: now)
        for number in 0..<1000 {
            _ = memo.route(0, kept, now: now)
            let key = RedirectMemo.Key(url: "\(number)", credential: .anonymous)
            _ = memo.learn(0, key, url: "http://s/\(number)", crossedOrigins: true, now: now)
            #expect(memo.count <= 100)
        }
        #expect(memo.route(0, kept, now: now) != .unknown)
    }

    @Test(
        "The end of a signature is read in all the spellings that stores use",
        arguments: [
            ("X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600", 1_767_229_200),
            ("x-goog-expires=60&x-goog-date=20260101T000000Z", 1_767_225_660),
            ("a=b&Expires=1767225600&Signature=x", 1_767_225_600),
            ("se=2026-01-01T00%3A00%3A00Z&sig=x", 1_767_225_600), ("se=2026-01-01T00:00Z", 1_767_225_600),
            ("se=2026-01-01", 1_767_225_600), ("Expires=1767225600&se=2025-01-01", 1_735_689_600),
            ("X-Amz-Expires=3600", nil), ("Expires=Thu, 01 Dec 2026", nil), ("Expires=", nil), ("se=soon", nil),
            ("X-Amz-Date=20261301T000000Z&X-Amz-Expires=1", nil), ("Expires=99999999999999999999", nil), ("", nil),
        ] as [(String, Int64?)])
    func signatures(_ query: String, _ end: Int64?) {
        #expect(SignedURL.expiry(of: "https://s/o?\(query)#Expires=1")?.seconds == end)
    }
}

@Suite("Redirects shared by the spans of a task")
struct SharedRedirectTests {
    private let object = FaultyObject(length: 1_000_000, seed: 4)

    /// A store that honours signatures, and a registry that leads to it with signatures that `life` seconds last.
    private func withRegistry(
        life: @escaping @Sendable (Int) -> Int, _ adjust: (inout OriginConfiguration) -> Void = { _ in },
        _ run: (_ registry: FaultyOrigin, _ store: FaultyOrigin, OriginGateway) throws -> Void
    ) throws {
        let store = try FaultyOrigin(script: FaultyScript(object, [FaultyRule(.expiring)]))
        let registry = try FaultyOrigin { [counter = Counter()] request, connection in
            let expires = Int(Date().timeIntervalSince1970) + life(counter.next())
            let signature = request.headers[.authorization]?.suffix(1) ?? "0"
            connection.respond(
                "307 Temporary Redirect", ["Location: \(store.url)/o?user=\(signature)&Expires=\(expires)"])
        }
        let curl = OriginGateway.forLoopback(adjust)
        defer {
            curl.shutdown()
            registry.stop()
            store.stop()
        }
        try run(registry, store, curl)
    }

    private func span(_ index: Int, of registry: FaultyOrigin, user: String? = nil) -> OriginRequest {
        let first = Int64(index) * 1000
        let headers: HTTPFields = user.map { [.authorization: "Bearer \($0)"] } ?? [:]
        return OriginRequest(
            url: registry.url + "/blob", headers: headers, range: .bounded(first: first, last: first + 999),
            credential: Credential(parts: user.map { [("Authorization", $0)] } ?? []))
    }

    private func fetch(_ indices: Range<Int>, of registry: FaultyOrigin, by curl: OriginGateway, user: String? = nil) {
        let recorders = indices.map { index in
            let recorder = Recorder()
            _ = curl.start(span(index, of: registry, user: user), into: recorder)
            return (index, recorder)
        }
        for (index, recorder) in recorders {
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(recorder.head?.status == 206)
            let first = Int64(index) * 1000
            #expect(recorder.now.body == object.bytes(first..<first + 1000))
        }
    }

    @Test("A redirect is resolved once for all spans")
    func once() throws {
        try withRegistry(life: { _ in 3600 }) { registry, store, curl in
            fetch(0..<1, of: registry, by: curl)
            fetch(1..<50, of: registry, by: curl)
            #expect(registry.requests.count == 1)
            #expect(store.requests.count == 50)
            #expect(store.requests.allSatisfy { !$0.headers.contains(.authorization) })
        }
    }

    @Test("Switched off, each span asks for itself")
    func off() throws {
        try withRegistry(life: { _ in 3600 }, { $0.remembersRedirects = false }) { registry, _, curl in
            for index in 0..<3 { fetch(index..<index + 1, of: registry, by: curl) }
            #expect(registry.requests.count == 3)
        }
    }

    @Test("W18: one user's signed target serves no other user")
    func users() throws {
        try withRegistry(life: { _ in 3600 }) { registry, store, curl in
            fetch(0..<3, of: registry, by: curl, user: "a")
            fetch(3..<6, of: registry, by: curl, user: "b")
            fetch(6..<7, of: registry, by: curl)
            #expect(Set(store.requests[..<3].map(\.target)).allSatisfy { $0.contains("user=a") })
            #expect(Set(store.requests[3..<6].map(\.target)).allSatisfy { $0.contains("user=b") })
            #expect(store.requests.last?.target.contains("user=0") == true)
            #expect(store.requests.allSatisfy { !$0.headers.contains(.authorization) })
        }
    }

    @Test("Proof that the credential does not tell is never shared by way of the memo")
    func undeclared() throws {
        try withRegistry(life: { _ in 3600 }) { registry, _, curl in
            for user in ["a", "b", "a"] {
                var request = span(0, of: registry, user: user)
                request.credential = .anonymous
                let recorder = Recorder()
                _ = curl.start(request, into: recorder)
                #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            }
            #expect(registry.requests.count == 3)
        }
    }

    @Test("W18: an expired signature is renewed once for all spans, and no client sees the 403")
    func expired() throws {
        // The first signature is good for the first request only: the store's clock is made to run ahead.
        let isOver = Flag()
        let store = try FaultyOrigin { [object] request, connection in
            if request.target.hasSuffix("v=0"), isOver.isSet {
                connection.respond("403 Forbidden")
            } else {
                let range = request.range(in: Int(object.length)) ?? 0..<Int(object.length)
                connection.respond(
                    "206 Partial Content",
                    ["Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.length)"],
                    body: object.bytes(Int64(range.lowerBound)..<Int64(range.upperBound)))
            }
        }
        let registry = try FaultyOrigin { [counter = Counter()] _, connection in
            connection.respond("302 Found", ["Location: \(store.url)/o?v=\(counter.next())"])
        }
        let curl = OriginGateway.forLoopback()
        defer {
            curl.shutdown()
            registry.stop()
            store.stop()
        }
        fetch(0..<1, of: registry, by: curl)
        fetch(1..<4, of: registry, by: curl)
        #expect(registry.requests.count == 1)
        isOver.set()
        fetch(4..<40, of: registry, by: curl)
        #expect(registry.requests.count == 2)
    }

    @Test("A refusal that is meant stands after one more try")
    func refused() throws {
        let isClosed = Flag()
        let asked = Note<@Sendable () -> Void>()
        let store = try FaultyOrigin { _, connection in
            // All ten are under way to the old target before the first of them is refused.
            if isClosed.isSet { asked.read()?() }
            connection.respond(isClosed.isSet ? "403 Forbidden" : "200 OK", body: [1])
        }
        asked.write { [weak store] in _ = store?.waitForRequests(11) }
        let registry = try FaultyOrigin { _, connection in
            connection.respond("302 Found", ["Location: \(store.url)/o"])
        }
        let curl = OriginGateway.forLoopback()
        defer {
            curl.shutdown()
            registry.stop()
            store.stop()
        }
        let first = Recorder()
        _ = curl.start(OriginRequest(url: registry.url), into: first)
        #expect(first.outcome() == .complete(hasCleanEnd: true))
        isClosed.set()
        let recorders = (0..<10).map { _ in Recorder() }
        for recorder in recorders { _ = curl.start(OriginRequest(url: registry.url), into: recorder) }
        for recorder in recorders {
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(recorder.now.heads.map(\.status) == [403])
        }
        #expect(registry.requests.count == 2)
        // Nothing is left of it: the next one starts at the front.
        let next = Recorder()
        _ = curl.start(OriginRequest(url: registry.url), into: next)
        #expect(next.outcome() != nil)
        #expect(registry.requests.count == 3)
    }

    @Test("A revalidation goes by way of the first URL")
    func revalidation() throws {
        try withRegistry(life: { _ in 3600 }) { registry, store, curl in
            fetch(0..<1, of: registry, by: curl)
            let recorder = Recorder()
            var request = span(0, of: registry)
            request.condition = .ifNoneMatch("\"v1\"")
            _ = curl.start(request, into: recorder)
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(recorder.head?.status == 304)
            #expect(registry.requests.count == 2)
        }
    }

    @Test("A target that cannot be reached is forgotten")
    func goneTarget() throws {
        let object = object
        let second = try FaultyOrigin(script: FaultyScript(object))
        let first = try FaultyOrigin(script: FaultyScript(object))
        let registry = try FaultyOrigin { [counter = Counter()] _, connection in
            connection.respond("302 Found", ["Location: \(counter.next() == 0 ? first.url : second.url)/o"])
        }
        let curl = OriginGateway.forLoopback()
        defer {
            curl.shutdown()
            registry.stop()
            second.stop()
        }
        fetch(0..<1, of: registry, by: curl)
        first.stop()
        let failed = Recorder()
        _ = curl.start(span(1, of: registry), into: failed)
        #expect(failed.error()?.isRetryable == true)
        fetch(1..<2, of: registry, by: curl)
        #expect(registry.requests.count == 2)
    }
}

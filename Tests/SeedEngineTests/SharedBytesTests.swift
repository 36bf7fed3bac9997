import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Objects of several URLs with one name (rule:names-bound-to-urls)")
struct SharedBytesTests {
    private static let length = 700_000
    private static let object = objectBytes(0..<length)
    private static let digest = SeedEngineTests.digest(of: object)

    /// Two URLs, `a` and `b`, whose objects have the same name.
    private struct Pair {
        let harness: EngineHarness
        let proof: SharedName.Proof

        init(_ proof: SharedName.Proof) throws {
            harness = try EngineHarness()
            self.proof = proof
        }

        func open(
            _ path: String, _ range: RangeSpec? = nil, freshness: FreshnessRule = FreshnessRule(),
            wantsBody: Bool = true
        ) throws -> Client {
            let isDigest = proof == .digest
            return try harness.open(
                range, key: path == "a" ? 1 : 2, named: SharedName(key: EngineHarness.key(9), proof: proof),
                at: "http://origin/\(path)", digest: isDigest ? SharedBytesTests.digest : nil,
                freshness: isDigest ? FreshnessRule(isImmutable: true) : freshness, wantsBody: wantsBody)
        }

        /// Waits until the index has a record of its own of that URL's object.
        func isRecorded(_ path: String) throws -> Bool {
            let key = try EngineHarness.key(path == "a" ? 1 : 2)
            defer { harness.store.flush() }
            return try eventually { try harness.store.task(key)?.url == "http://origin/\(path)" }
        }

        /// All of `a`, so that its bytes are proven.
        func fill() throws {
            let client = try open("a")
            harness.play(client, length: SharedBytesTests.length)
            #expect(client.isAtEnd)
            harness.store.flush()
        }

        /// The same, and `b` is known to have its bytes.
        func share() throws {
            try fill()
            let client = try first {
                $0.respond(length: SharedBytesTests.length, upTo: 0)
                $0.end(.rejected)
            }
            _ = client.readAll()
            client.stream.close()
        }

        /// The origin request for a client, who polls until it comes.
        func asked(for client: Client, at path: String) -> FakeTransfer? {
            var found: FakeTransfer?
            _ = eventually {
                _ = client.step(within: 0.001)
                guard let transfer = harness.origin.next(within: 0.001) else { return false }
                guard transfer.request.url == "http://origin/\(path)" else {
                    // What else of the other is worth fetching.
                    transfer.end(.cancelled)
                    return false
                }
                found = transfer
                return true
            }
            return found
        }

        /// Opens `b`, plays its origin's response, and reads to the end.
        func first(_ range: RangeSpec? = nil, _ respond: (FakeTransfer) -> Void) throws -> Client {
            let client = try open("b", range)
            respond(try #require(asked(for: client, at: "b")))
            return client
        }
    }

    private func isAsked(_ harness: EngineHarness) -> Bool { harness.origin.next(within: 0.05) != nil }

    @Test("after the proof, the second URL's own response is enough: its body is not fetched, its fields are its own")
    func digest() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.fill()
        let client = try pair.first { transfer in
            transfer.respond(length: Self.length, etag: "\"b\"", upTo: 0, also: [.contentLanguage: "de"])
            transfer.end(.rejected)
        }
        #expect(client.readAll() != nil && client.isAtEnd && client.bytes == Self.object)
        #expect(client.head?.headers[.eTag] == "\"b\"" && client.head?.headers[.contentLanguage] == "de")
        client.stream.close()
        // From now on, and in the next life, the origin is not asked.
        pair.harness.store.flush()
        for _ in 0..<2 {
            let next = try pair.open("b", .bounded(first: 300_000, last: 300_009))
            _ = next.readAll()
            #expect(next.bytes == objectBytes(300_000..<300_010) && next.head?.headers[.eTag] == "\"b\"")
            #expect(next.head?.cacheStatus == .hit && !isAsked(pair.harness))
            next.stream.close()
            try pair.harness.restart()
        }
        let head = try pair.open("b", wantsBody: false)
        _ = head.readAll()
        #expect(head.head?.length == Int64(Self.length) && !isAsked(pair.harness))
    }

    @Test("before the proof nothing is shared: a range of one URL says nothing of another's")
    func unproven() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        let part = try pair.open("a", .bounded(first: 0, last: 99))
        _ = part.step(within: 0.001)
        let transfer = try #require(pair.harness.origin.next())
        transfer.respond(length: Self.length, upTo: 300_000)
        _ = part.readAll()
        part.stream.close()
        transfer.end(.cancelled)
        pair.harness.store.flush()
        let client = try pair.first(.bounded(first: 0, last: 99)) {
            $0.respond(length: Self.length, etag: "\"b\"")
            $0.end()
        }
        _ = client.readAll()
        #expect(client.bytes.count == 100 && client.head?.cacheStatus == .miss(collapsed: false))
        #expect(try pair.isRecorded("b"))
    }

    @Test("an object of another length is fetched, whatever its name claims")
    func otherLength() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.fill()
        let client = try pair.first(.bounded(first: 0, last: 99)) {
            $0.respond(length: Self.length + 1)
            $0.end()
        }
        _ = client.readAll()
        #expect(client.head?.length == Int64(Self.length) + 1)
        pair.harness.store.flush()
        #expect(try pair.harness.store.alias(EngineHarness.key(2)) == nil)
    }

    @Test("who is refused at the second URL gets nothing of the first's, and what varies is not replaced")
    func noRight() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.fill()
        let refused = try pair.first {
            _ = $0.head(403, [.contentLength: "0"])
            $0.end()
        }
        guard case .origin(let response) = refused.readAll() else { return #expect(Bool(false)) }
        #expect(response.status == 403 && refused.bytes.isEmpty && refused.head == nil)
        refused.stream.close()
        let varying = try pair.first {
            $0.respond(length: Self.length, upTo: 0, also: [.vary: "Accept-Language"])
            $0.end(.rejected)
        }
        let step = varying.readAll()
        guard case .bypass(.varies) = step else { return #expect(Bool(false), "\(String(describing: step))") }
        #expect(varying.bytes.isEmpty)
    }

    @Test("a text is shared where both responses have one strong validator and length")
    func validator() throws {
        for (etag, isShared) in [("\"v1\"", true), ("\"v2\"", false), ("W/\"v1\"", false)] {
            let pair = try Pair(.validator)
            defer { pair.harness.close() }
            try pair.fill()
            let client = try pair.first(.bounded(first: 0, last: 99)) { transfer in
                transfer.respond(
                    length: Self.length, etag: etag,
                    also: [.lastModified: "Sat, 01 Jan 2022 00:00:00 GMT", .date: "Sun, 02 Jan 2022 00:00:00 GMT"])
                transfer.end(isShared ? .rejected : .complete(hasCleanEnd: true))
            }
            _ = client.readAll()
            client.stream.close()
            #expect(client.bytes == objectBytes(0..<100))
            pair.harness.store.flush()
            #expect(try (pair.harness.store.alias(EngineHarness.key(2)) != nil) == isShared, "\(etag)")
        }
    }

    @Test("a text's bytes are asked for again when the second URL's own response has gone stale")
    func stale() throws {
        let pair = try Pair(.validator)
        defer { pair.harness.close() }
        try pair.fill()
        let fresh = try pair.first {
            $0.respond(length: Self.length, upTo: 0, also: [.cacheControl: "max-age=60"])
            $0.end(.rejected)
        }
        _ = fresh.readAll()
        #expect(fresh.bytes == Self.object)
        fresh.stream.close()
        pair.harness.clock.pass(.seconds(61))
        let moved = try pair.first(.bounded(first: 0, last: 9)) {
            $0.respond(length: Self.length, etag: "\"new\"")
            $0.end()
        }
        _ = moved.readAll()
        #expect(moved.head?.headers[.eTag] == "\"new\"")
    }

    @Test("when the shared bytes are gone, the URL's own are fetched, under its own key")
    func gone() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.share()
        let generation = try pair.harness.generation()
        try pair.harness.restart()
        pair.harness.store.remove(try EngineHarness.key(1), generation: generation)
        let own = try pair.first {
            $0.respond(length: Self.length)
            $0.end()
        }
        pair.harness.play(own, length: Self.length)
        #expect(own.bytes == Self.object)
        pair.harness.store.flush()
        #expect(try pair.harness.store.task(EngineHarness.key(1)) == nil)
        #expect(try pair.isRecorded("b"))
    }

    @Test("what is not held any more comes from the URL's own origin, never from the other's")
    func damaged() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.share()
        pair.harness.close()
        try pair.harness.damage(at: 10)
        try pair.harness.reopen()
        // Its head was out when the damage was found.
        let cut = try pair.open("b", .bounded(first: 0, last: 99))
        guard case .failed(.changedWhileReading) = cut.readAll() else { return #expect(Bool(false)) }
        #expect(cut.bytes.isEmpty && !isAsked(pair.harness))
        cut.stream.close()
        let next = try pair.open("b", .bounded(first: 0, last: 99))
        let own = try #require(pair.asked(for: next, at: "b"))
        own.respond(length: Self.length)
        own.end()
        _ = next.readAll()
        #expect(next.bytes == objectBytes(0..<100))
        next.stream.close()
        #expect(try pair.isRecorded("b"))
        #expect(try pair.harness.store.alias(EngineHarness.key(2)) == nil)
    }

    @Test(
        "bytes that were fetched again are not proven, be they less than a block: nothing of them reaches the second URL"
    )
    func fetchedAgain() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.share()
        pair.harness.close()
        try pair.harness.damage(at: 10)
        try pair.harness.reopen()
        let other = try pair.open("a", .bounded(first: 0, last: 99))
        let again = try #require(pair.asked(for: other, at: "a"))
        again.respond(length: Self.length, upTo: 65_536)
        _ = other.read(100)
        #expect(other.bytes.count == 100)
        let own = try pair.open("b", .bounded(first: 0, last: 99))
        let transfer = try #require(pair.asked(for: own, at: "b"))
        transfer.respond(length: Self.length)
        transfer.end()
        _ = own.readAll()
        #expect(own.bytes == objectBytes(0..<100))
        other.stream.close()
        again.end(.cancelled)
    }

    @Test("the object that has the bytes keeps its own record, whoever reads it first in the next life")
    func ownRecord() throws {
        let pair = try Pair(.validator)
        defer { pair.harness.close() }
        try pair.share()
        pair.harness.store.flush()
        let before = try pair.harness.store.task(EngineHarness.key(1))
        try pair.harness.restart()
        let led = try pair.open("b", freshness: FreshnessRule(isImmutable: true))
        _ = led.readAll()
        #expect(led.bytes == Self.object)
        led.stream.close()
        // The first object is asked for again by its own URL and under its own rule.
        pair.harness.clock.pass(.seconds(100_000))
        let own = try pair.open(
            "a", .bounded(first: 0, last: 9), freshness: FreshnessRule(revalidateAfter: .seconds(1)))
        let question = try #require(pair.asked(for: own, at: "a"))
        #expect(question.request.condition != .none)
        _ = question.head(304, [.eTag: "\"v1\""])
        question.end(.rejected)
        _ = own.readAll()
        pair.harness.store.flush()
        var after = try pair.harness.store.task(EngineHarness.key(1))
        if let before { after?.fetchedAt = before.fetchedAt }
        #expect(after == before)
    }

    @Test("a stale object is not asked for by the other's readers: they ask for their own")
    func staleOwner() throws {
        let pair = try Pair(.validator)
        defer { pair.harness.close() }
        try pair.fill()
        let client = try pair.first {
            $0.respond(length: Self.length, upTo: 0, also: [.cacheControl: "max-age=1000000"])
            $0.end(.rejected)
        }
        _ = client.readAll()
        client.stream.close()
        pair.harness.clock.pass(.seconds(500_000))
        let next = try pair.first(.bounded(first: 0, last: 9)) {
            $0.respond(length: Self.length)
            $0.end()
        }
        _ = next.readAll()
        #expect(next.bytes == objectBytes(0..<10))
    }

    @Test("many who ask for the second URL at once are led by one response")
    func crowd() throws {
        let pair = try Pair(.digest)
        defer { pair.harness.close() }
        try pair.fill()
        let others = try (0..<20).map { _ in try pair.open("b", .bounded(first: 0, last: 99)) }
        for other in others { _ = other.step(within: 0.001) }
        let transfer = try #require(pair.harness.origin.next())
        transfer.respond(length: Self.length, upTo: 0)
        transfer.end(.rejected)
        for other in others {
            _ = other.readAll()
            #expect(other.bytes == objectBytes(0..<100))
        }
        #expect(!isAsked(pair.harness))
    }
}

import HTTPSemantics
import SeedEngine
import SeedEngineTestSupport
import SeedOrigin
import SeedTestSupport
import Testing

@testable import SeedProxy

/// The responses whose `Cache-Status` is neither a plain hit nor a plain miss (docs/http-contract.md).
@Suite("What Cache-Status tells")
struct CacheStatusTests {
    private static let get = "GET http://origin.test/object HTTP/1.1\r\nHost: origin.test\r\n\r\n"

    /// A harness that holds an object which must be asked for again before every use, and a client.
    private func withStaleObject(_ body: (ProxyHarness, RawClient, TestObject) throws -> Void) async throws {
        try await withHarness { harness in
            let object = TestObject(count: 1000, extra: [.cacheControl: "max-age=0"])
            let client = try harness.client()
            try client.send(Self.get)
            object.respond(try #require(harness.origin.next()))
            #expect(try client.readResponse().body == object.bytes)
            try body(harness, client, object)
        }
    }

    @Test(
        "The origin confirms by 304: the response says so, and the next hit has the fields that it brought (rule:revalidation)"
    )
    func confirmed() async throws {
        try await withStaleObject { harness, client, object in
            let version = try #require(HTTPField.Name("X-Version"))
            try client.send(Self.get)
            let asked = try #require(harness.origin.next())
            #expect(asked.request.condition == .ifNoneMatch(HTTPField.Value(object.etag)))
            asked.head(304, [.eTag: object.etag, .cacheControl: "max-age=600", version: "2"])
            asked.end(.rejected)
            let confirmed = try client.readResponse()
            #expect(confirmed.status == 200 && confirmed.body == object.bytes)
            #expect(confirmed["Cache-Status"] == "seed-peer; fwd=stale; fwd-status=304")
            #expect(confirmed["Cache-Control"] == "max-age=600" && confirmed["X-Version"] == "2")
            try client.send(Self.get)
            let hit = try client.readResponse()
            #expect(hit.body == object.bytes)
            #expect(hit["Cache-Status"] == "seed-peer; hit")
            #expect(hit["Cache-Control"] == "max-age=600" && hit["X-Version"] == "2" && hit["ETag"] == object.etag)
            #expect(harness.origin.requests.count == 2)
        }
    }

    @Test("The origin does not answer: what is held is served, and told to be stale")
    func stale() async throws {
        try await withStaleObject { harness, client, object in
            try client.send(Self.get)
            let asked = try #require(harness.origin.next())
            asked.end(.failed(OriginError(.unreachable, "It is gone.")))
            let response = try client.readResponse()
            #expect(response.status == 200 && response.body == object.bytes)
            #expect(response["Cache-Status"] == "seed-peer; hit; detail=stale")
        }
    }

    @Test("Bytes that another request has already asked for are a collapsed miss")
    func collapsed() async throws {
        try await withHarness { harness in
            let object = TestObject(count: 200_000)
            let (first, second) = (try harness.client(), try harness.client())
            try first.send(Self.get)
            let transfer = try #require(harness.origin.next())
            transfer.head(206, object.fields(for: try #require(object.range(of: transfer))))
            #expect(transfer.deliver(Array(object.bytes[..<1000])))
            #expect(try first.readHead()["Cache-Status"] == "seed-peer; fwd=miss; stored")
            try second.send(Self.get)
            #expect(try second.readHead()["Cache-Status"] == "seed-peer; fwd=miss; collapsed")
            #expect(transfer.deliver(Array(object.bytes[1000...])))
            transfer.end()
            for client in [first, second] {
                #expect(object.matches(try client.read(exactly: object.bytes.count)))
            }
            #expect(harness.origin.requests.count == 1)
        }
    }

    @Test("With proxy.disableBackToSource what is not held is 504, and no origin is asked")
    func notHeld() async throws {
        var limits = EngineConfiguration()
        limits.isBackToSourceDisabled = true
        try await withHarness(limits: limits) { harness in
            let client = try harness.client()
            try client.send(Self.get)
            let response = try client.readResponse()
            #expect(response.status == 504 && response["X-Dragonfly-Error-Type"] == "proxy")
            #expect(response.text.contains("proxy.disableBackToSource"))
            #expect(harness.origin.requests.isEmpty)
        }
    }
}

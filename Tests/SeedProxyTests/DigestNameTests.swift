import HTTPServer
import SeedEngineTestSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Whole objects whose URL names their SHA-256 (rule:checksums)")
struct DigestNameTests {
    private static let object = TestObject(count: 700_001)
    /// Of the object's bytes, which are the same in every run.
    private static let right = "305ad8d9f63b481daf8596ab391f03319386596dd50a806e84f5d279b58bbfe3"
    private static let lastBlock = 524_288

    private func get(_ digest: String) -> String {
        "GET http://origin.test/v2/x/blobs/sha256:\(digest) HTTP/1.1\r\nHost: origin.test\r\n\r\n"
    }

    @Test("The right bytes arrive whole, and are held")
    func match() async throws {
        try await withHarness { harness in
            harness.serve(Self.object)
            let client = try harness.client()
            for status in ["fwd=miss; stored", "hit"] {
                try client.send(get(Self.right))
                let response = try client.readResponse()
                #expect(response.status == 200 && response["Cache-Status"] == "seed-peer; \(status)")
                #expect(Self.object.matches(response.body))
            }
        }
    }

    @Test("Other bytes are cut off before their last block")
    func mismatch() async throws {
        try await withHarness { harness in
            let bytes = Self.object.bytes
            let wrong = String(repeating: "0", count: 64)
            let client = try harness.client()
            try client.send(get(wrong))
            let transfer = try #require(harness.origin.next())
            transfer.head(206, Self.object.fields(for: try #require(Self.object.range(of: transfer))))
            // Once the head is out, an error can only be told by a reset.
            #expect(transfer.deliver(Array(bytes[..<1000])))
            #expect(try client.readHead().status == 200)
            #expect(transfer.deliver(Array(bytes[1000...])))
            transfer.end()
            var received = 0
            #expect(throws: RawClient.Failure.reset) {
                while case let part = try client.read(), !part.isEmpty { received += part.count }
            }
            #expect(received <= Self.lastBlock)
            #expect(harness.server.counters.aborted == 1)
        }
    }
}

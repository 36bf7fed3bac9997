import HTTPSemantics
import Testing

@Suite("Digests and Cache-Status")
struct DigestFieldTests {
    private static let right = Base64.encode(Array(1...32))
    private static let other = Base64.encode(Array(2...33))
    private static let long = Base64.encode(Array(1...64))

    /// `right` and `other` stand for base64 of two digests.
    @Test(
        "an origin's digest is taken only when it is of the whole object",
        arguments: [
            (["Repr-Digest": "sha-256=:right:"], false, true),
            (["Repr-Digest": "sha-512=:AAAA:, SHA-256=:right:"], false, true),
            (["Repr-Digest": "sha-256=right"], false, false),
            (["Repr-Digest": "sha-256=:AAAA:"], true, false),
            (["Repr-Digest": "sha-256=:right:, sha-256=:other:"], true, false),
            (["Repr-Digest": "sha-256=:right:, sha-256=:right:"], true, true),
            (["Repr-Digest": "sha-256=(:right:)"], true, false),
            (["Repr-Digest": "sha-256=:right:;"], true, false),
            (["Content-Digest": "sha-256=:right:"], true, true),
            (["Content-Digest": "sha-256=:right:"], false, false),
            (["x-amz-checksum-sha256": "right", "x-amz-checksum-type": "FULL_OBJECT"], false, true),
            (["x-amz-checksum-sha256": "right", "x-amz-checksum-type": "COMPOSITE"], true, false),
            (["x-amz-checksum-sha256": "right-3"], true, false),
            (["x-amz-checksum-sha256": "right"], true, true),
            // It may be that of one part of an upload.
            (["x-amz-checksum-sha256": "right"], false, false),
            (["x-amz-checksum-sha256": "right", "Repr-Digest": "sha-256=:right:"], true, true),
            (["x-amz-checksum-sha256": "right", "Repr-Digest": "sha-256=:other:"], true, false),
            ([:], true, false),
        ] as [([String: String], Bool, Bool)])
    func objects(_ texts: [String: String], isWhole: Bool, isTaken: Bool) throws {
        var fields = HTTPFields()
        for (name, text) in texts {
            let value = text.split(separator: "right", omittingEmptySubsequences: false).joined(separator: Self.right)
                .split(separator: "other", omittingEmptySubsequences: false).joined(separator: Self.other)
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        #expect(fields.objectSHA256(isWhole: isWhole) == (isTaken ? Array(1...32) : nil))
    }

    @Test("SHA-512 too, over several lines")
    func sha512() {
        let fields: HTTPFields = [.reprDigest: "a=1", .reprDigest: "sha-512=:\(Self.long):"]
        #expect(fields.digest(.sha512, in: .reprDigest) == Array(1...64))
        #expect(fields.digest(.sha256, in: .reprDigest) == nil)
        #expect(([.reprDigest: "sha-512=:\(Self.right):"] as HTTPFields).digest(.sha512, in: .reprDigest) == nil)
    }

    @Test("What caches say, the nearest one last")
    func cacheStatus() throws {
        func last(_ text: String) -> CacheStatus? { CacheStatus.list([.cacheStatus: text])?.last }
        let found = try #require(CacheStatus.list([.cacheStatus: "o; hit, seed-peer;fwd=partial; stored"]))
        #expect(found.map(\.cache) == ["o", "seed-peer"] && found.map(\.isHit) == [true, false])
        #expect(found[1].forward == "partial" && found[1].isStored && !found[1].isCollapsed)
        #expect(last("\"a, b; hit\"; fwd=miss").map { $0.cache == "a, b; hit" && !$0.isHit } == true)
        #expect(last("o; fwd=miss, \"y;\\\"\" ; hit;ttl=3") == nil)
        #expect(last("o; fwd=miss, \"y;\\\"\"; hit;ttl=3").map { $0.isHit && $0.timeToLive == 3 } == true)
        let stale = try #require(last("s; fwd=stale; fwd-status=304; detail=\"x\"; collapsed"))
        #expect(stale.forwardStatus == 304 && stale.detail == "x" && stale.isCollapsed && stale.forward == "stale")
        #expect(last("x").map { !$0.isHit && $0.forward == nil } == true)
        #expect(last("x; hit=?0")?.isHit == false && last("x; hit=?1")?.isHit == true)
        #expect(CacheStatus.list([.cacheStatus: "x;"]) == nil && CacheStatus.list([:]) == [])
    }
}

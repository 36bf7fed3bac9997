import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@Suite("One blob at several URLs (rule:names-bound-to-urls)")
struct SharedNameTests {
    private static let fields = ["X-Dragonfly-Enable-Task-ID-Based-Blob-Digest: true"]

    /// Puts bytes where blobs of a repository with this digest are.
    private func put(_ bytes: [UInt8], _ digest: String, in repository: String, _ harness: ServerHarness) throws
        -> String
    {
        let folder = "v2/\(repository)/blobs"
        let path = harness.directory.path("files/\(folder)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: "\(path)/\(digest)"))
        return "\(folder)/\(digest)"
    }

    private func hex(_ algorithm: HashAlgorithm, _ bytes: [UInt8]) -> String {
        Digests.digest(algorithm, of: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(
        "A stranger's bytes under a digest reach no other URL; right ones do once all of them came, also after kill -9",
        arguments: ["sha256", "sha512"])
    func digests(algorithm: String) throws {
        try ServerHarness.with { harness in
            let bytes = try harness.makeFile("object", length: 3_000_000)
            let digest = "\(algorithm):\(hex(algorithm == "sha256" ? .sha256 : .sha512, bytes))"
            let evil = try put(bytes.map { ~$0 }, digest, in: "evil", harness)
            let first = try put(bytes, digest, in: "first", harness)
            let second = try put(bytes, digest, in: "second", harness)
            // A range under the name, which nothing proves.
            #expect(try harness.get(evil, 0..<100, fields: Self.fields).body == bytes[..<100].map { ~$0 })
            #expect(try harness.get(first, 0..<100, fields: Self.fields).body == Array(bytes[..<100]))
            #expect(try harness.peer.get(harness.url(first), fields: Self.fields).body == bytes)
            try waitUntil("the proof") { try harness.peer.metric("seed_peer_digest_matches_total") == 1 }
            #expect(
                try harness.get(second, 2_000_000..<2_000_100, fields: Self.fields).body
                    == Array(bytes[2_000_000..<2_000_100]))
            #expect(try harness.originBytes(of: second) < 600_000)
            try waitUntil("all is committed") { try harness.peer.metric("seed_peer_storage_pending_records") == 0 }
            try harness.afterKill { next in
                let before = try next.originBytes(of: second)
                #expect(try next.peer.get(next.url(second), fields: Self.fields).body == bytes)
                #expect(try next.originBytes(of: second) == before)
                #expect(try next.get(evil, 0..<100, fields: Self.fields).body == bytes[..<100].map { ~$0 })
            }
        }
    }

    @Test("A right to one URL is none to another: what its own origin refuses, the digest doesn't give")
    func rights() throws {
        try ServerHarness.with { harness in
            let bytes = try harness.makeFile("object", length: 1_000_000)
            let digest = "sha256:\(hex(.sha256, bytes))"
            let first = try put(bytes, digest, in: "first", harness)
            #expect(try harness.peer.get(harness.url(first), fields: Self.fields).body == bytes)
            try waitUntil("the proof") { try harness.peer.metric("seed_peer_digest_matches_total") == 1 }
            let missing = try harness.peer.get(harness.url("v2/none/blobs/\(digest)"), fields: Self.fields)
            #expect(missing.status == 404 && missing.body != bytes)
        }
    }
}

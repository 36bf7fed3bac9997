import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedSupport
import Testing

@testable import SeedEngine

@Suite("The digest of an object (rule:checksums)")
struct ObjectDigestTests {
    private let bytes = objectBytes(0..<1_000_003)

    @Test("bytes added in any portions come to a result with the last one, and not before")
    func results() {
        for step in [1_000_003, 262_144, 99_999] {
            for (expected, isRight) in [(digest(of: bytes), true), (digest(of: bytes.reversed()), false)] {
                var digest = ObjectDigest(expected: expected, length: Int64(bytes.count))
                while digest.position < bytes.count {
                    #expect(digest.isMatch == nil)
                    let start = Int(digest.position)
                    bytes[start..<min(start + step, bytes.count)].withUnsafeBytes { digest.add($0) }
                }
                #expect(digest.isMatch == isRight)
            }
        }
    }

    @Test("a copy goes on by itself")
    func copies() {
        var first = ObjectDigest(expected: digest(of: bytes), length: Int64(bytes.count))
        bytes[..<500_000].withUnsafeBytes { first.add($0) }
        var second = first
        bytes[500_000...].withUnsafeBytes { second.add($0) }
        #expect(second.isMatch == true && first.position == 500_000)
    }

    @Test("SHA-512 names an object as SHA-256 does")
    func longDigest() {
        let expected = digest(of: bytes, by: .sha512, named: .sha512)
        var bytes = bytes
        var right = ObjectDigest(expected: expected, length: Int64(bytes.count))
        bytes.withUnsafeBytes { right.add($0) }
        #expect(right.isMatch == true)
        var wrong = ObjectDigest(expected: expected, length: Int64(bytes.count))
        bytes[0] ^= 1
        bytes.withUnsafeBytes { wrong.add($0) }
        #expect(wrong.isMatch == false)
    }

    @Test("upper case names the same; a CRC-32, no hexadecimal digits or a wrong length name nothing")
    func spellings() {
        let text = digest(of: bytes).encoded
        #expect(Digest("sha256:" + text.uppercased())?.comparable == digest(of: bytes))
        #expect(Digest("sha512:" + text + text)?.comparable?.encoded == text + text)
        #expect(Digest("sha256:" + String(repeating: "x", count: 64))?.comparable == nil)
        #expect(Digest("crc32:123456")?.comparable == nil)
        #expect(Digest(algorithm: .sha256, encoded: "ab").comparable == nil)
    }

    /// Which fields count is HTTPSemantics' to say (`DigestFieldTests`).
    @Test("an origin's digest names its object")
    func fields() {
        let value = base64(bytes)
        let fields: HTTPFields = [.contentDigest: "sha-256=:\(value):"]
        #expect(Digest(ofObject: fields, isWhole: true) == digest(of: bytes))
        #expect(Digest(ofObject: fields, isWhole: false) == nil)
    }
}

/// The name of these bytes.
func digest(
    of bytes: [UInt8], by hash: HashAlgorithm = .sha256, named algorithm: Digest.Algorithm = .sha256
) -> Digest {
    let digits = Digests.digest(hash, of: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return Digest(algorithm: algorithm, encoded: digits.joined())
}

func base64(_ bytes: [UInt8]) -> String { Base64.encode(Digests.digest(.sha256, of: bytes)) }

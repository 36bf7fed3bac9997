import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedSupport
import Testing

@testable import SeedEngine

@Suite("The digest of an object (rule 11)")
struct ObjectDigestTests {
    private let bytes = objectBytes(0..<1_000_003)

    @Test("bytes added in any portions come to a result with the last one, and not before")
    func verdicts() {
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

    @Test("upper case names the same; another algorithm, no hexadecimal digits or a wrong length name nothing")
    func spellings() {
        let text = digest(of: bytes).encoded
        #expect(Digest("sha256:" + text.uppercased())?.comparableSHA256 == digest(of: bytes))
        #expect(Digest("sha512:" + text + text)?.comparableSHA256 == nil)
        #expect(Digest("sha256:" + String(repeating: "x", count: 64))?.comparableSHA256 == nil)
        #expect(Digest(algorithm: .sha256, encoded: "ab").comparableSHA256 == nil)
    }

    /// `right` and `other` stand for base64 of two digests.
    @Test(
        "an origin's digest is taken only when it is of the whole object",
        arguments: [
            (["Repr-Digest": "sha-256=:right:"], false, true),
            (["Repr-Digest": "sha-512=:AAAA:, SHA-256=:right:"], false, true),
            (["Repr-Digest": "sha-256=right"], false, false),
            (["Repr-Digest": "sha-256=:AAAA:"], true, false),
            (["Repr-Digest": "sha-256=:right:, sha-256=:other:"], true, false),
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
    func headers(_ texts: [String: String], isWhole: Bool, isTaken: Bool) throws {
        let right = base64(bytes), other = base64(bytes.reversed())
        var fields = HTTPFields()
        for (name, text) in texts {
            let value = text.replacingOccurrences(of: "right", with: right).replacingOccurrences(
                of: "other", with: other)
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        #expect(Digest(ofObject: fields, isWhole: isWhole) == (isTaken ? digest(of: bytes) : nil))
    }
}

/// The name of these bytes.
func digest(of bytes: [UInt8]) -> Digest {
    let digits = Digests.digest(.sha256, of: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return Digest(algorithm: .sha256, encoded: digits.joined())
}

func base64(_ bytes: [UInt8]) -> String { Base64.encode(Digests.digest(.sha256, of: bytes)) }

package import HTTPSemantics
import SeedSupport

/// A fingerprint of a request's credentials: Authorization, Cookie, signing query parameters. Equal fingerprints have
/// equal access. Anonymous is a value too.
package struct Credential: Hashable, Sendable {
    /// No credential.
    package static let anonymous = Credential(words: (0, 0, 0, 0))

    // Four words instead of an array: hashing and comparing never touch the heap.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    private init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// SHA-256 over the parts, each name and value prefixed by its length, so that different lists never collide. Order
    /// matters. No parts: `.anonymous`.
    package init(parts: [(name: String, value: String)]) {
        guard !parts.isEmpty else {
            self = .anonymous
            return
        }
        var bytes = ByteBuilder()
        for text in parts.flatMap({ [$0.name, $0.value] }) {
            withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { bytes.append($0) }
            bytes.append(text)
        }
        let words = bytes.withUnsafeBytes { bytes in
            Digests.withDigest(.sha256, of: bytes) { digest in
                (0..<4).map { digest.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
            }
        }
        self.init(words: (words[0], words[1], words[2], words[3]))
    }

    /// Of the fields that may prove a right, in their order.
    package init(of fields: HTTPFields) {
        self.init(
            parts: fields.filter(\.name.mayCarryCredential).map { ($0.name.canonicalName, $0.value) })
    }

    package var isAnonymous: Bool { self == .anonymous }

    package static func == (a: Credential, b: Credential) -> Bool { a.words == b.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

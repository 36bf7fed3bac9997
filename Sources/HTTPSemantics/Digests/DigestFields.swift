extension HTTPFields {
    /// The algorithms of `Repr-Digest` and `Content-Digest` that are safe (RFC 9530 §5).
    package enum DigestAlgorithm: String, CaseIterable, Sendable {
        case sha256 = "sha-256"
        case sha512 = "sha-512"

        /// In bytes.
        package var length: Int { self == .sha256 ? 32 : 64 }
    }
}

extension HTTPFields {
    /// A digest in a field of RFC 9530; nil if absent, malformed, of the wrong length, or repeated with different
    /// values. Algorithms are read in any case, as some senders write them in capitals.
    package func digest(_ algorithm: DigestAlgorithm, in name: HTTPField.Name) -> [UInt8]? {
        guard let octets = self[content: name]?.octets,
            let entries = try? StructuredField.entries(octets, keysInAnyCase: true)
        else { return nil }
        let found = entries.filter { $0.key == algorithm.rawValue }.map(\.member.item?.value.bytes)
        guard let first = found.first, found.allSatisfy({ $0 == first }) else { return nil }
        return first?.count == algorithm.length ? first : nil
    }

    /// The SHA-256 that an origin gave for the whole object, whose bytes came as they are; nil if it gave none, or two
    /// that differ.
    ///
    /// - Parameter isWhole: the response brings the whole object with status 200. The checksum of a part, which S3 gives
    ///   for a range that is exactly one part of an upload, must not be taken for that of the object.
    package func objectSHA256(isWhole: Bool) -> [UInt8]? {
        let kinds = self[values: .amzChecksumType].map { $0.uppercased() }
        let isOfObject = kinds == ["FULL_OBJECT"] || (kinds.isEmpty && isWhole)
        let found = [
            digest(.sha256, in: .reprDigest), isWhole ? digest(.sha256, in: .contentDigest) : nil,
            isOfObject ? amzSHA256 : nil,
        ].compactMap(\.self)
        // Conflicting digests are ignored.
        guard let first = found.first, found.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Nil unless there are 32 bytes, so a checksum of checksums (`…-N`) is ignored.
    private var amzSHA256: [UInt8]? {
        guard let bytes = first(.amzChecksumSHA256).flatMap({ Base64.decode($0.octets) }), bytes.count == 32
        else { return nil }
        return bytes
    }
}

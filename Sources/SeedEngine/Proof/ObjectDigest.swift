import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

/// The digest of an object, rolled over its contiguous prefix (rule:checksums). A value: the caller passes the bytes in
/// order.
struct ObjectDigest: Sendable {
    let expected: Digest
    /// Bytes of the whole object.
    let length: Int64
    /// Up to here the bytes were added.
    private(set) var position: Int64 = 0
    private var hash: RollingDigest

    /// - Parameter expected: comparable (`Digest.comparable`).
    init(expected: Digest, length: Int64) {
        self.expected = expected
        self.length = length
        hash = RollingDigest(expected.algorithm == .sha512 ? .sha512 : .sha256)
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bytes)
        position += Int64(bytes.count)
    }

    /// Whether the object is what its digest names; nil until the last byte was added.
    var isMatch: Bool? {
        position == length ? Digest(expected.algorithm, hash.value) == expected : nil
    }
}

extension Digest {
    /// In lower case, so that equal digests are equal values.
    fileprivate init(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        self.init(algorithm: algorithm, encoded: digits.joined())
    }

    /// The SHA-256 that an origin gave for the whole object, whose bytes came as they are.
    ///
    /// - Parameter isWhole: the response brings the whole object with status 200. The checksum of a part, which S3
    ///   gives for a range that is exactly one part of an upload, must not be taken for that of the object.
    init?(ofObject headers: HTTPFields, isWhole: Bool) {
        guard let bytes = headers.objectSHA256(isWhole: isWhole) else { return nil }
        self.init(.sha256, bytes)
    }
}

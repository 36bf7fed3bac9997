import Crypto
import DragonflyIdentity
import Foundation
import HTTPTypes
import SeedStorage

/// SHA-256 of an object, rolled over its contiguous prefix (rule 11). A value: who reads the bytes lends them, in order.
struct RollingDigest: Sendable {
    let expected: DragonflyIdentity.Digest
    /// Bytes of the whole object.
    let length: Int64
    /// Up to here the bytes were added.
    private(set) var position: Int64 = 0
    private var hash = SHA256()

    init(expected: DragonflyIdentity.Digest, length: Int64) {
        self.expected = expected
        self.length = length
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
        position += Int64(bytes.count)
    }

    /// Whether the object is what its digest names; nil until the last byte was added.
    var verdict: Bool? {
        position == length ? DragonflyIdentity.Digest(sha256: hash.finalize()) == expected : nil
    }
}

extension DragonflyIdentity.Digest {
    /// In lower case, so that equal digests are equal values.
    fileprivate init(sha256 bytes: some Sequence<UInt8>) {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        self.init(algorithm: .sha256, encoded: digits.joined())
    }

    /// Of this spelling or another one, the form that can be compared; nil if it is no SHA-256.
    var comparableSHA256: DragonflyIdentity.Digest? {
        guard algorithm == .sha256, encoded.utf8.count == 64, isHexadecimal else { return nil }
        return DragonflyIdentity.Digest(algorithm: .sha256, encoded: encoded.lowercased())
    }

    /// The SHA-256 that an origin gave for the whole object, whose bytes came as they are.
    ///
    /// - Parameter isWhole: the answer brings the whole object with status 200. The checksum of a part, which S3 gives
    ///   for a range that is exactly one part of an upload, must not be taken for that of the object.
    init?(ofObject headers: HTTPFields, isWhole: Bool) {
        let kinds = headers.values(of: "x-amz-checksum-type").map { $0.uppercased() }
        let isOfObject = kinds == ["FULL_OBJECT"] || (kinds.isEmpty && isWhole)
        let found = [
            headers.sha256(in: "Repr-Digest"), isWhole ? headers.sha256(in: "Content-Digest") : nil,
            isOfObject ? headers.values(of: "x-amz-checksum-sha256").first.flatMap(Self.bytes(ofBase64:)) : nil,
        ].compactMap(\.self)
        // Who contradicts himself says nothing.
        guard let first = found.first, found.allSatisfy({ $0 == first }) else { return nil }
        self.init(sha256: first)
    }

    /// Nil unless there are 32 bytes; so a checksum of checksums, which ends in `-N`, is none.
    fileprivate static func bytes(ofBase64 text: String) -> [UInt8]? {
        guard let bytes = Data(base64Encoded: text), bytes.count == 32 else { return nil }
        return Array(bytes)
    }
}

extension HTTPFields {
    /// The member `sha-256=:…:` of a field of RFC 9530; nil if it is there twice and different.
    fileprivate func sha256(in name: String) -> [UInt8]? {
        let members = values(of: name).flatMap { $0.split(separator: ",") }
        let plain = members.map { $0.filter { $0 != " " && $0 != "\t" } }
        let texts = Set(plain.filter { $0.lowercased().hasPrefix("sha-256=:") }.map { $0.dropFirst(9) })
        guard texts.count == 1, let text = texts.first, text.hasSuffix(":") else { return nil }
        return Digest.bytes(ofBase64: String(text.dropLast()))
    }

    fileprivate func values(of name: String) -> [String] {
        HTTPField.Name(name).map { self[values: $0] } ?? []
    }
}

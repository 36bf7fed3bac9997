/// A digest with the name of its algorithm, as registries and piece reports write it: `sha256:…`.
public struct Digest: Hashable, Sendable {
    public enum Algorithm: String, Hashable, Sendable, CaseIterable {
        /// Its text is a decimal number.
        case crc32
        case sha256
        case sha512

        fileprivate func accepts(length: Int) -> Bool {
            switch self {
            case .crc32: length > 0
            case .sha256: length == 64
            case .sha512: length == 128
            }
        }
    }

    public let algorithm: Algorithm
    /// What follows the first colon, kept as written.
    public let encoded: String

    public init(algorithm: Algorithm, encoded: String) {
        self.algorithm = algorithm
        self.encoded = encoded
    }

    /// Nil unless the algorithm is known and the text has its length. Like Dragonfly, this doesn't check that the text
    /// is hexadecimal: see ``isHexadecimal``.
    public init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let encoded = text[(colon + 1)...]
        let name = Algorithm.allCases.first { $0.rawValue.utf8.elementsEqual(text[..<colon]) }
        guard let name, name.accepts(length: encoded.count) else { return nil }
        self.init(algorithm: name, encoded: String(decoding: encoded, as: UTF8.self))
    }

    public var isHexadecimal: Bool {
        encoded.utf8.allSatisfy { hexValue($0) != nil }
    }

    /// Normalized, so that equal digests are equal values; nil if it is nothing that the bytes of an object can be compared
    /// with: a CRC-32, which anyone can make bytes for, or no hexadecimal text.
    package var comparable: Digest? {
        guard algorithm != .crc32, algorithm.accepts(length: encoded.utf8.count), isHexadecimal else { return nil }
        return Digest(algorithm: algorithm, encoded: encoded.lowercased())
    }

    // Swift would compare the texts by Unicode equivalence; ids are bytes.
    public static func == (left: Digest, right: Digest) -> Bool {
        left.algorithm == right.algorithm && left.encoded.utf8.elementsEqual(right.encoded.utf8)
    }
}

extension Digest: CustomStringConvertible {
    public var description: String { "\(algorithm.rawValue):\(encoded)" }
}

/// What the scheduler knows a machine by: `<ip>-<hostname>`, and `-seed` behind it for a seed peer.
public struct HostID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(ip: String, hostname: String, isSeedPeer: Bool) {
        description = "\(ip)-\(hostname)" + (isSeedPeer ? "-seed" : "")
    }
}

/// What the scheduler knows one download by: `<ip>-<hostname>-<random UUID>`, and `-seed` behind it for a seed peer.
/// Opaque to other programs; each download gets a new one.
public struct PeerID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(ip: String, hostname: String, isSeedPeer: Bool) {
        var generator = SystemRandomNumberGenerator()
        self.init(ip: ip, hostname: hostname, isSeedPeer: isSeedPeer, using: &generator)
    }

    public init(ip: String, hostname: String, isSeedPeer: Bool, using generator: inout some RandomNumberGenerator) {
        let uuid = PeerID.uuid(generator.next(), generator.next())
        description = "\(ip)-\(hostname)-\(uuid)" + (isSeedPeer ? "-seed" : "")
    }

    /// A UUID of version 4 (RFC 9562 §5.4) in lower case, its free bits from two random words.
    private static func uuid(_ first: UInt64, _ second: UInt64) -> String {
        let version = first & ~0xF000 | 0x4000
        let variant = second & ~(0b11 << 62) | 0b10 << 62
        let digits = hex(version) + hex(variant)
        let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return cuts.map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }

    private static func hex(_ word: UInt64) -> [UInt8] {
        let digits = Array(String(word, radix: 16).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: 16 - digits.count) + digits
    }
}

/// The names of query parameters that do not enter a task's identity: signatures, expiry dates and the like.
///
/// Names are compared byte for byte with decoded parameter names, case included.
public struct QueryFilter: Hashable, Sendable, ExpressibleByArrayLiteral {
    private let names: [[UInt8]]
    /// Bit n: some name has n bytes (63: or more). This alone rules out most parameters.
    private let lengths: UInt64

    public init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
        lengths = self.names.reduce(0) { $0 | QueryFilter.bit(forLength: $1.count) }
    }

    /// As the proxy reads the header `X-Dragonfly-Filtered-Query-Params`: comma-separated, trimmed. So an empty header
    /// is a list of one empty name, never the empty list.
    public init(header: String) {
        self.init(Self.names(inHeader: header))
    }

    package static func names(inHeader header: String) -> [String] {
        header.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
            String(decoding: trimmed($0), as: UTF8.self)
        }
    }

    public init(arrayLiteral names: String...) {
        self.init(names)
    }

    /// Without names the URL is taken exactly as written: neither parsed nor sorted.
    public var isEmpty: Bool { names.isEmpty }

    func contains(_ name: ArraySlice<UInt8>) -> Bool {
        lengths & QueryFilter.bit(forLength: name.count) != 0 && names.contains { $0[...] == name }
    }

    private static func bit(forLength length: Int) -> UInt64 {
        1 << UInt64(min(length, 63))
    }
}

private func trimmed(_ name: Substring.UTF8View) -> Substring.UTF8View {
    let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let last = name.lastIndex(where: { !isBlank($0) }) else { return name.prefix(0) }
    return name[...last].drop(while: isBlank)
}

extension QueryFilter {
    /// Dragonfly's list: what S3, GCS, OSS, OBS and COS sign with, and containerd's `ns`.
    public static let defaultNames: [String] = [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
        "X-Amz-Security-Token", "X-Amz-User-Agent",
        "X-Goog-Algorithm", "X-Goog-Credential", "X-Goog-Date", "X-Goog-Expires", "X-Goog-SignedHeaders",
        "X-Goog-Signature",
        "OSSAccessKeyId", "Expires", "Signature", "SecurityToken",
        "AccessKeyId", "X-Obs-Date", "X-Obs-Security-Token",
        "q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list", "q-signature",
        "x-cos-security-token",
        "ns",
    ]

    public static let `default` = QueryFilter(defaultNames)
}

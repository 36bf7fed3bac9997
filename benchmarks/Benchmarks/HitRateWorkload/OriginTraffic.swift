package import SeedTestSupport

/// What the origin sent, by its access log.
package struct OriginTraffic: Sendable, Hashable, Codable {
    package let requests: Int
    /// Of bodies.
    package let bytes: Int64
    /// Different bytes of the objects.
    package let distinctBytes: Int64

    package init(_ accesses: [Nginx.Access]) {
        requests = accesses.count
        bytes = accesses.reduce(0) { $0 + Int64($1.bodyBytesSent) }
        distinctBytes = accesses.compactMap(Self.sent).distinctBytes()
    }

    /// Sent more than once.
    package var repeatedBytes: Int64 { bytes - distinctBytes }

    /// The object and the bytes of it that left; nil for an error and an empty body.
    private static func sent(_ access: Nginx.Access) -> (String, Range<Int64>)? {
        guard [200, 206].contains(access.status), access.bodyBytesSent > 0, access.method == "GET" else { return nil }
        let words = access.range.split { !$0.isNumber }
        let start = access.status == 206 ? words.first.flatMap { Int64($0) } ?? 0 : 0
        return (access.uri, start..<start + Int64(access.bodyBytesSent))
    }
}

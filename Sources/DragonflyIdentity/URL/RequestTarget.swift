/// The path and query of a URL as its origin is asked for them, octet for octet: what the store key holds of a URL, so that
/// URLs which some origin may tell apart never share an object.
struct RequestTarget {
    /// In origin form (RFC 9112 §3.2.1): begins with a slash.
    let octets: [UInt8]

    /// - Parameters:
    ///   - url: as it is written.
    ///   - filter: parameters that are left out. The others stay as they are and where they are.
    init(of url: String, filter: QueryFilter) {
        let url = Array(url.utf8)
        var target = Self.withoutFragment(url[Self.endOfAuthority(url)...])
        if target.first != UInt8(ascii: "/") { target = [UInt8(ascii: "/")] + target }
        octets = PercentCoding.decodingUnreserved(filter.isEmpty ? target : Self.filtered(target, filter))
    }

    private static func endOfAuthority(_ url: [UInt8]) -> Int {
        let colon = url.firstIndex(of: UInt8(ascii: ":")) ?? url.startIndex
        let start = url[colon...].dropFirst().drop { $0 == UInt8(ascii: "/") }.startIndex
        return url[start...].firstIndex { "/?#".utf8.contains($0) } ?? url.endIndex
    }

    private static func withoutFragment(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        target.prefix { $0 != UInt8(ascii: "#") }
    }

    private static func filtered(_ target: ArraySlice<UInt8>, _ filter: QueryFilter) -> ArraySlice<UInt8> {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return target }
        let parameters = target[(mark + 1)...].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        let kept = parameters.filter { !filter.contains(CanonicalQuery.name(of: $0)) }
        guard kept.count < parameters.count else { return target }
        guard !kept.isEmpty else { return target[..<mark] }
        return target[...mark] + kept.joined(separator: CollectionOfOne(UInt8(ascii: "&")))
    }
}

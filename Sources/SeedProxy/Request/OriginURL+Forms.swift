import DragonflyIdentity

/// The forms of a URL: as it is fetched, and as it is judged. A client may spell one URL in many ways.
extension OriginURL {
    /// As the cache asks for it: octets that need no code stand for themselves, all else is as it was sent. URLs that differ
    /// otherwise are different objects.
    var forCache: OriginURL {
        var url = self
        let target = PercentCoding.decodingUnreserved(Array((path + query).utf8)[...])
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        url.path = Substring(decoding: target[..<end], as: UTF8.self)
        url.query = Substring(decoding: target[end...], as: UTF8.self)
        return url
    }

    /// As rules are matched against it: the form for the cache without segments of dots, and without the dot that ends an
    /// absolute host name.
    var canonical: OriginURL {
        var url = forCache
        url.path = Substring(decoding: DotSegments.resolved(Array(url.path.utf8)[...]), as: UTF8.self)
        if url.host.hasSuffix(".") { url.host.removeLast() }
        return url
    }

    /// As the block list is matched against it: as it was sent, the canonical form, and with all codes decoded and runs of
    /// slashes as one, as some origins understand it. They differ in whether `..` leaves a place before or after that.
    var judgedForms: [String] {
        let canonical = canonical
        let decoded = Array(path.utf8)[...].percentDecoded()
        let resolved = DotSegments.resolved(decoded)
        return [text, canonical.text]
            + [DotSegments.resolved(Self.withSingleSlashes(decoded)[...]), Self.withSingleSlashes(resolved[...])].map {
                var loose = canonical
                loose.path = Substring(decoding: $0, as: UTF8.self)
                loose.query = Substring(decoding: Array(query.utf8)[...].percentDecoded(), as: UTF8.self)
                return loose.text
            }
    }

    private static func withSingleSlashes(_ path: ArraySlice<UInt8>) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var result: [UInt8] = []
        for byte in path where byte != slash || result.last != slash { result.append(byte) }
        return result
    }
}

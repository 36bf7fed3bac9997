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

    /// As the block list is matched against it: as it was sent, the canonical form, and as origins understand it that take
    /// runs of slashes for one or decode all codes, before or after they resolve `..`.
    var judgedForms: [String] {
        let canonical = canonical
        let sent = Array(path.utf8)[...]
        let query = Substring(decoding: Array(query.utf8)[...].percentDecoded(), as: UTF8.self)
        var paths: Set<[UInt8]> = []
        for path in [sent, sent.percentDecoded()] {
            for path in [DotSegments.resolved(Self.withSingleSlashes(path)[...]), DotSegments.resolved(path)] {
                paths.insert(Self.withSingleSlashes(path[...]))
                paths.insert(Self.withSingleSlashes(path[...].percentDecoded()))
            }
        }
        let loose = paths.map { path in
            var url = canonical
            url.path = Substring(decoding: path, as: UTF8.self)
            url.query = query
            return url.text
        }
        return [text, canonical.text] + loose
    }

    private static func withSingleSlashes(_ path: ArraySlice<UInt8>) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var result: [UInt8] = []
        for byte in path where byte != slash || result.last != slash { result.append(byte) }
        return result
    }
}

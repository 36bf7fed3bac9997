/// Path segments that name a place in the path instead of a resource (RFC 3986 §5.2.4).
package enum DotSegments {
    enum Kind {
        /// `.`
        case current
        /// `..`
        case parent
    }

    /// Nil for an ordinary segment. A dot may be written as `%2e`.
    static func kind(of segment: ArraySlice<UInt8>) -> Kind? {
        var rest = segment
        var count = 0
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, rest.first == UInt8(ascii: "2"),
                lowercased(rest[rest.startIndex + 1]) == UInt8(ascii: "e")
            {
                rest = rest.dropFirst(2)
            } else if byte != UInt8(ascii: ".") {
                return nil
            }
            count += 1
        }
        return count == 1 ? .current : count == 2 ? .parent : nil
    }

    /// A path without them. It begins with a slash, whatever the given one does.
    package static func resolved(_ path: ArraySlice<UInt8>) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var kept: [ArraySlice<UInt8>] = []
        var endsWithSlash = false
        let path = path.first == slash ? path.dropFirst() : path
        for segment in path.split(separator: slash, omittingEmptySubsequences: false) {
            let kind = kind(of: segment)
            endsWithSlash = kind != nil
            switch kind {
            case nil: kept.append(segment)
            case .current: break
            case .parent: _ = kept.popLast()
            }
        }
        if endsWithSlash { kept.append([]) }
        return [slash] + kept.joined(separator: CollectionOfOne(slash))
    }
}

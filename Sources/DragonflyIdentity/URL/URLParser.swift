/// Takes one URL apart by the rules of the WHATWG URL Standard, without a base URL.
///
/// One simplification: neither `?` nor `#` can be inside an authority or a path, so both are cut off before the rest
/// is read. Not kept: the drive letters of `file:` URLs.
struct URLParser {
    private var rest: ArraySlice<UInt8>
    private var scheme = URLScheme(name: [])
    private var url = ParsedURL()

    init(_ text: UnsafeBufferPointer<UInt8>) {
        rest = URLParser.cleaned(text)[...]
    }

    /// Without controls and spaces at both ends, and without tabs and line ends anywhere.
    private static func cleaned(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard let first = text.firstIndex(where: { $0 > 0x20 }), let last = text.lastIndex(where: { $0 > 0x20 })
        else { return [] }
        return text[first...last].filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    }

    mutating func parse() throws(URLFault) -> ParsedURL {
        try readScheme()
        cutFragmentAndQuery()
        if let authority = cutAuthority() {
            url.head.append(contentsOf: "//".utf8)
            try writeAuthority(authority)
        }
        url.pathStart = url.head.count
        writePath()
        return url
    }

    private mutating func readScheme() throws(URLFault) {
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), let first = rest.first, isLetter(first),
            rest[..<colon].allSatisfy({ isLetter($0) || ByteSet.schemeRest.contains($0) })
        else { throw .noScheme }
        scheme = URLScheme(name: rest[..<colon].map(lowercased))
        url.schemeEnd = scheme.name.count
        url.head = scheme.name + ":".utf8
        rest = rest[(colon + 1)...]
    }

    private mutating func cutFragmentAndQuery() {
        if let mark = rest.firstIndex(of: UInt8(ascii: "#")) {
            var fragment: [UInt8] = []
            fragment.append(rest[(mark + 1)...], encoding: .fragment)
            url.fragment = fragment
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            url.query = rest[(mark + 1)...]
            rest = rest[..<mark]
        }
    }

    /// Nil when the URL has no authority; never for a special scheme.
    private mutating func cutAuthority() -> ArraySlice<UInt8>? {
        let slashes = rest.prefix(while: scheme.isSlash).count
        if scheme.isFile {
            // `file:/path` and `file:path` have the same empty host as `file:///path`.
            guard slashes >= 2 else { return rest[rest.startIndex..<rest.startIndex] }
            rest = rest.dropFirst(2)
        } else if scheme.isSpecial {
            rest = rest.dropFirst(slashes)
        } else {
            guard slashes >= 2 else { return nil }
            rest = rest.dropFirst(2)
        }
        let authority = rest.prefix { !scheme.isSlash($0) }
        rest = rest[authority.endIndex...]
        return authority
    }
}

extension URLParser {
    private mutating func writeAuthority(_ authority: ArraySlice<UInt8>) throws(URLFault) {
        let at = authority.lastIndex(of: UInt8(ascii: "@"))
        if let at { writeUserInfo(authority[..<at]) }
        let hostAndPort = at.map { authority[($0 + 1)...] } ?? authority
        let colon = portColon(in: hostAndPort)
        let host = hostAndPort[..<(colon ?? hostAndPort.endIndex)]
        // Only `file:` and non-special schemes may have an empty host, and then neither user info nor port.
        let mayBeEmpty = scheme.isFile || (!scheme.isSpecial && at == nil && colon == nil)
        guard !host.isEmpty || mayBeEmpty else { throw .noHost }
        if !host.isEmpty { url.head += try URLHost.write(host, in: scheme) }
        if let colon { try writePort(hostAndPort[(colon + 1)...]) }
    }

    private mutating func writeUserInfo(_ userInfo: ArraySlice<UInt8>) {
        let colon = userInfo.firstIndex(of: UInt8(ascii: ":")) ?? userInfo.endIndex
        let password = userInfo[colon...].dropFirst()
        guard colon > userInfo.startIndex || !password.isEmpty else { return }
        url.head.append(userInfo[..<colon], encoding: .userInfo)
        if !password.isEmpty {
            url.head.append(UInt8(ascii: ":"))
            url.head.append(password, encoding: .userInfo)
        }
        url.head.append(UInt8(ascii: "@"))
    }

    /// The first colon that is not inside brackets.
    private func portColon(in text: ArraySlice<UInt8>) -> Int? {
        var inBrackets = false
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "["): inBrackets = true
            case UInt8(ascii: "]"): inBrackets = false
            case UInt8(ascii: ":") where !inBrackets: return index
            default: break
            }
        }
        return nil
    }

    private mutating func writePort(_ digits: ArraySlice<UInt8>) throws(URLFault) {
        guard !scheme.isFile else { throw .badPort }
        var port: UInt32 = 0
        for digit in digits {
            guard isDigit(digit) else { throw .badPort }
            port = port * 10 + UInt32(digit - UInt8(ascii: "0"))
            guard port <= UInt32(UInt16.max) else { throw .badPort }
        }
        guard !digits.isEmpty, port != scheme.defaultPort.map(UInt32.init) else { return }
        url.head += ":\(port)".utf8
    }
}

extension URLParser {
    private mutating func writePath() {
        let hasAuthority = url.head[url.schemeEnd...].starts(with: "://".utf8)
        guard scheme.isSpecial || rest.first.map(scheme.isSlash) == true else {
            // An empty path, or an opaque one as in `mailto:someone`.
            return url.head.append(rest, encoding: .control)
        }
        if rest.first.map(scheme.isSlash) == true { rest = rest.dropFirst() }
        writeSegments()
        if !hasAuthority, url.path.starts(with: "//".utf8) {
            // Otherwise the path would be parsed as an authority next time.
            url.head.insert(contentsOf: "/.".utf8, at: url.pathStart)
        }
    }

    private mutating func writeSegments() {
        var isLast = false
        while !isLast {
            let segment = rest.prefix { !scheme.isSlash($0) }
            isLast = segment.endIndex == rest.endIndex
            rest = rest[segment.endIndex...].dropFirst()
            switch DotSegments.kind(of: segment) {
            case nil: writeSegment(segment)
            case .current: if isLast { writeSegment([]) }
            case .parent:
                dropLastSegment()
                if isLast { writeSegment([]) }
            }
        }
    }

    private mutating func writeSegment(_ segment: ArraySlice<UInt8>) {
        url.head.append(UInt8(ascii: "/"))
        url.head.append(segment, encoding: .path)
    }

    private mutating func dropLastSegment() {
        guard let slash = url.path.lastIndex(of: UInt8(ascii: "/")) else { return }
        url.head.removeSubrange(slash...)
    }
}

extension ByteSet {
    fileprivate static let schemeRest = ByteSet("+-.", UInt8(ascii: "0")...UInt8(ascii: "9"))
}

func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a") <= byte | 0x20 && byte | 0x20 <= UInt8(ascii: "z")
}

func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9")
}

func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A") <= byte && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

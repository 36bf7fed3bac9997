/// The fast path for nearly all traffic: URLs that the rules leave unchanged.
extension ParsedURL {
    /// Nil when the URL needs the whole parser. What passes is `http(s)://`, a lower-case ASCII name whose last label
    /// begins with a letter (so no IPv4) and none of whose labels is `xn--…`, no port, no user info, a path without
    /// anything to encode or resolve, and no fragment.
    init?(plain text: UnsafeBufferPointer<UInt8>) {
        guard let schemeEnd = plainSchemeEnd(text), let hostEnd = plainHostEnd(text, from: schemeEnd + 3),
            let pathEnd = plainPathEnd(text, from: hostEnd)
        else { return nil }
        let hasQuery = pathEnd < text.count
        let query = UnsafeBufferPointer(rebasing: text[min(pathEnd + 1, text.count)...])
        guard !query.contains(where: { ByteSet.endsPlainQuery.contains($0) }) else { return nil }
        self.init(
            head: Array(text[..<pathEnd]), schemeEnd: schemeEnd, pathStart: hostEnd,
            query: hasQuery ? Array(query)[...] : nil)
    }
}

extension ByteSet {
    /// Bytes that the parser strips, trims or treats as the start of a fragment.
    fileprivate static let endsPlainQuery = ByteSet("# ", 0...31)
    fileprivate static let plainHost = ByteSet(
        "-.", UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"))
    fileprivate static let plainPath = ByteSet("/%+,=:@!$&'()*;", adding: unreserved)
}

private func plainSchemeEnd(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    for scheme in ["https://", "http://"] as [StaticString] {
        let length = scheme.utf8CodeUnitCount
        guard text.count > length else { continue }
        if zip(text, UnsafeBufferPointer(start: scheme.utf8Start, count: length)).allSatisfy({ $0 == $1 }) {
            return length - 3
        }
    }
    return nil
}

private func plainHostEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    let allowed = ByteSet.plainHost
    var labelStart = start
    var index = start
    while index < text.count, allowed.contains(text[index]) {
        if text[index] == UInt8(ascii: ".") { labelStart = index + 1 }
        // Perhaps `xn--`.
        if text[index] == UInt8(ascii: "-"), index == labelStart + 3, text[labelStart] == UInt8(ascii: "x") {
            return nil
        }
        index += 1
    }
    guard index < text.count, text[index] == UInt8(ascii: "/"), labelStart < index else { return nil }
    return text[labelStart] >= UInt8(ascii: "a") ? index : nil
}

private func plainPathEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    let allowed = ByteSet.plainPath
    var index = start
    var afterSlash = false
    while index < text.count, text[index] != UInt8(ascii: "?") {
        let byte = text[index]
        // A dot or a percent sign at the start of a segment may spell `.` or `..`.
        if afterSlash, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%") { return nil }
        guard allowed.contains(byte) else { return nil }
        afterSlash = byte == UInt8(ascii: "/")
        index += 1
    }
    return index
}

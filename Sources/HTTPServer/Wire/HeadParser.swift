import Glibc
import HTTPSemantics
import SeedSupport

/// Cuts request heads out of a connection's bytes, strictly by RFC 9112: ambiguous input is refused, never repaired.
/// Bytes are searched only once, however slowly the rest arrives.
struct HeadParser {
    /// Bytes of a request target.
    static let longestTarget = 16 << 10
    /// Bytes of a whole head.
    static let longestHead = 64 << 10
    static let mostFields = 128
    static let longestMethod = 32

    private enum Scan {
        case incomplete
        case complete(Int)
        case refused(RequestError)
    }

    private var scanned = 0
    private var lineStart = 0
    private var lines = 0
    private var hasSkippedEmptyLine = false

    /// The next head, which is then taken out of `bytes`; nil while its end has not come.
    /// - Parameter bytes: all that came since the last head, each time.
    /// - Throws: the response to what is no request; nothing after it can be read.
    mutating func parse(
        _ bytes: inout UnsafeRawBufferPointer, _ memory: inout HeadMemory
    ) throws(RequestError) -> RequestHead? {
        skipEmptyLine(&bytes)
        switch scan(bytes) {
        case .incomplete: return nil
        case .refused(let error): throw error
        case .complete(let end):
            let text = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            bytes = UnsafeRawBufferPointer(rebasing: bytes[end...])
            self = HeadParser()
            return try memory.makeHead(text)
        }
    }

    /// RFC 9112 §2.2: one empty line before a request is a harmless habit of old clients.
    private mutating func skipEmptyLine(_ bytes: inout UnsafeRawBufferPointer) {
        guard scanned == 0, !hasSkippedEmptyLine, bytes.count > 1 else { return }
        hasSkippedEmptyLine = true
        guard bytes[0] == .carriageReturn, bytes[1] == .lineFeed else { return }
        bytes = UnsafeRawBufferPointer(rebasing: bytes[2...])
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Scan {
        guard let base = bytes.baseAddress, bytes.count > scanned else { return .incomplete }
        if bytes[0] == .carriageReturn, bytes.count == 1, !hasSkippedEmptyLine { return .incomplete }
        guard ASCIISet.token.has(bytes[0]) else {
            return .refused(.badRequest("A request begins with its method."))
        }
        while let found = memchr(base + scanned, Int32(UInt8.lineFeed), bytes.count - scanned) {
            let feed = found - UnsafeMutableRawPointer(mutating: base)
            guard feed > lineStart, bytes[feed - 1] == .carriageReturn else {
                return .refused(.badRequest("A line of the head ends without CR LF."))
            }
            if feed > Self.longestHead { return .refused(lines == 0 ? .uriTooLong : .headTooLarge) }
            if feed - 1 == lineStart { return .complete(feed + 1) }
            (lineStart, scanned, lines) = (feed + 1, feed + 1, lines + 1)
            if lines > Self.mostFields + 1 { return .refused(.headTooLarge) }
        }
        scanned = bytes.count
        // Method, version and blanks need fewer than 128 bytes.
        if lines == 0, scanned > Self.longestTarget + 128 { return .refused(.uriTooLong) }
        return scanned > Self.longestHead ? .refused(.headTooLarge) : .incomplete
    }
}

extension RequestHead {
    /// Reads `bytes`: a whole head, each line ended by CR LF, the empty line included.
    mutating func parse() throws(RequestError) {
        fields.reserveCapacity(12)
        let base = bytes.unowned
        defer { withExtendedLifetime(bytes) {} }
        var rules = FramingRules()
        var start = try readRequestLine(base) + 2
        // To the very end: a line with a lone CR must not pass for the last one.
        while start < base.count - 2 {
            start = try readField(base, from: start, &rules) + 2
        }
        try rules.settle(&self)
        resolveTarget(base)
    }

    /// - Returns: where the line's CR is.
    private mutating func readRequestLine(_ base: UnsafeRawBufferPointer) throws(RequestError) -> Int {
        let (token, target) = (ASCIISet.token, ASCIISet.target)
        var position = 0
        while token.has(base[position]) { position += 1 }
        guard base[position] == .space, position > 0 else { throw .badRequest("The request line is not understood.") }
        guard position <= HeadParser.longestMethod else { throw .unknownMethod }
        methodSpan = Span(0, position)
        method = Method(methodSpan.bytes(of: base))
        let start = position + 1
        position = start
        while target.has(base[position]) { position += 1 }
        guard base[position] == .space, position > start else {
            throw .badRequest("The request target is empty or holds a byte that a URL may not hold.")
        }
        guard position - start <= HeadParser.longestTarget else { throw .uriTooLong }
        targetSpan = Span(start, position)
        minorVersion = try Self.minorVersion(base, at: position + 1)
        return position + 9
    }

    /// RFC 9112 §2.3: a higher minor version is served as the highest we know.
    private static func minorVersion(_ base: UnsafeRawBufferPointer, at start: Int) throws(RequestError) -> Int {
        guard base.count > start + 9, base[start] == UInt8(ascii: "H"), base[start + 1] == UInt8(ascii: "T"),
            base[start + 2] == UInt8(ascii: "T"), base[start + 3] == UInt8(ascii: "P"),
            base[start + 4] == UInt8(ascii: "/"), base[start + 5].isDigit, base[start + 6] == UInt8(ascii: "."),
            base[start + 7].isDigit,
            base[start + 8] == .carriageReturn, base[start + 9] == .lineFeed
        else { throw .badRequest("The request line does not end with the HTTP version.") }
        guard base[start + 5] == UInt8(ascii: "1") else { throw .unknownVersion }
        return base[start + 7] == UInt8(ascii: "0") ? 0 : 1
    }

    private mutating func readField(
        _ base: UnsafeRawBufferPointer, from start: Int, _ rules: inout FramingRules
    ) throws(RequestError) -> Int {
        let field = try FieldLine.read(base, from: start)
        let id = FieldID(name: field.name.bytes(of: base))
        present.insert(id)
        fields.append(Field(id: id, name: field.name, value: field.value))
        try rules.take(id, field.value.bytes(of: base), &self)
        return field.end
    }
}

/// One `name: value` line, as heads and trailers have them (RFC 9112 §5).
struct FieldLine {
    var name: RequestHead.Span
    var value: RequestHead.Span
    /// Where the line's CR is.
    var end: Int

    /// - Parameter start: of a line that ends with CR LF within `base`.
    static func read(_ base: UnsafeRawBufferPointer, from start: Int) throws(RequestError) -> FieldLine {
        let token = ASCIISet.token
        var position = start
        while token.has(base[position]) { position += 1 }
        // A blank here is a folded line or a blank before the colon; both can hide a field from another parser.
        guard base[position] == UInt8(ascii: ":"), position > start else {
            throw .badRequest("A field name is empty, folded, or not followed by a colon.")
        }
        let name = RequestHead.Span(start, position)
        position += 1
        while base[position].isBlank { position += 1 }
        let valueStart = position
        while base[position].isFieldContent { position += 1 }
        guard base[position] == .carriageReturn, base[position + 1] == .lineFeed else {
            throw .badRequest("A field value holds a control character.")
        }
        var valueEnd = position
        while valueEnd > valueStart, base[valueEnd - 1].isBlank { valueEnd -= 1 }
        return FieldLine(name: name, value: RequestHead.Span(valueStart, valueEnd), end: position)
    }
}

extension ASCIISet {
    /// `contains`, but inlined here: it is asked for each byte of a head.
    @inline(__always)
    fileprivate func has(_ byte: UInt8) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 != 0
    }
}

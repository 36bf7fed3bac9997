import HTTPSemantics

/// Gathers the lines that curl hands over into heads, and those after the final head into trailer fields. A value without
/// I/O.
struct HeadCollector {
    enum Step: Equatable {
        case more
        /// 1xx; another head follows.
        case interim(TransferHead)
        case complete(TransferHead)
        case refused(TransferError)
    }

    private let limit: Int
    private let acceptsHTTP2: Bool
    private var head: TransferHead?
    private var size = 0
    /// Lines since the last status line.
    private var lines = 0
    private(set) var isComplete = false
    /// An invalid line was left out. curl may read it differently.
    private(set) var hasOddLines = false
    /// What came behind the body.
    private(set) var trailers = HTTPFields()

    /// - Parameters:
    ///   - limit: bytes of all heads and trailers together, so that 1xx responses can't go on forever.
    ///   - acceptsHTTP2: it may have been negotiated. Elsewhere an HTTP/2 status line is forged, and would make a
    ///     truncated body look complete.
    init(limit: Int, acceptsHTTP2: Bool = false) {
        self.limit = limit
        self.acceptsHTTP2 = acceptsHTTP2
    }

    /// Takes one line with or without its line end; behind the head several at once, as curl hands over what it has read
    /// during a pause. The empty line completes a head. Folded lines are refused (RFC 9112 §5.2): curl doesn't unfold them,
    /// and we must not see another framing than it does.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        size += line.count
        guard size <= limit else {
            return .refused(TransferError(.badResponse, "the response has more than \(limit) bytes of fields"))
        }
        guard !line.hasFoldedLine else {
            return .refused(TransferError(.badResponse, "the response has folded lines"))
        }
        if isComplete { return takeTrailers(line) }
        let bytes = line.trimmed
        if bytes.starts(with: Self.protocolName) { return begin(String(decoding: bytes, as: UTF8.self)) }
        // curl takes `http/` for a status line, too.
        guard head != nil else { return Self.noStatusLine }
        if bytes.isEmpty { return finish() }
        guard countLine() else { return Self.tooManyFields }
        if let field = field(bytes) { head?.fields.append(field) }
        return .more
    }

    private static let protocolName = Array("HTTP/".utf8)

    private static let noStatusLine = Step.refused(
        TransferError(.badResponse, "the response starts with a malformed status line"))

    private static let tooManyFields = Step.refused(
        TransferError(.badResponse, "the response has more than \(MessageLimits.receivedFields) fields"))

    private mutating func countLine() -> Bool {
        lines += 1
        return lines <= MessageLimits.receivedFields
    }

    private mutating func takeTrailers(_ bytes: UnsafeRawBufferPointer) -> Step {
        for line in bytes.split(separator: .lineFeed) {
            let line = UnsafeRawBufferPointer(rebasing: line).trimmed
            guard !line.isEmpty else { continue }
            guard countLine() else { return Self.tooManyFields }
            if let field = field(line) { trailers.append(field) }
        }
        return .more
    }

    private mutating func begin(_ statusLine: String) -> Step {
        // curl does not take a line in the middle of a head for a status line: it goes by the fields before it as well.
        guard head == nil else {
            return .refused(TransferError(.badResponse, "the response has a status line among its fields"))
        }
        lines = 0
        let words = statusLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[1].count == 3, let status = Int64(digits: words[1]) else {
            return Self.noStatusLine
        }
        let version = words[0].dropFirst(5)
        guard version.hasPrefix("1.") || acceptsHTTP2 && version == "2" else {
            return .refused(TransferError(.badResponse, "the response is in a version of HTTP that was not asked for"))
        }
        head = TransferHead(status: Int(status), httpVersion: String(version))
        return .more
    }

    private mutating func finish() -> Step {
        guard let head else { return .more }
        self.head = nil
        if head.status == 101 {
            return .refused(
                TransferError(.badResponse, "the connection was switched to a protocol that was not asked for"))
        }
        guard head.status >= 200 else { return .interim(head) }
        isComplete = true
        if let contradiction = head.lengthContradiction ?? head.unaskedCoding { return .refused(contradiction) }
        return .complete(head)
    }

    /// A field line; one whose name is no token is left out.
    private mutating func field(_ bytes: UnsafeRawBufferPointer) -> HTTPField? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(octets: UnsafeRawBufferPointer(rebasing: bytes[..<colon]))
        else {
            hasOddLines = true
            return nil
        }
        let value = UnsafeRawBufferPointer(rebasing: bytes[(colon + 1)...]).trimmed
        return HTTPField(name: name, lenientValue: value)
    }
}

extension TransferHead {
    /// The error of contradictory or invalid lengths, with which the body's end would be a guess.
    var lengthContradiction: TransferError? {
        guard !isChunked, fields.contains(.contentLength), contentLength == nil else { return nil }
        return TransferError(.badResponse, "the response has contradicting or malformed Content-Length fields")
    }

    /// An unsupported transfer coding: its encoded bytes would be taken for the object's.
    var unaskedCoding: TransferError? {
        let codings = fields[values: .transferEncoding]
        guard !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" else { return nil }
        return TransferError(.badResponse, "the response has a transfer coding that was not asked for")
    }
}

extension UnsafeRawBufferPointer {
    /// Without blanks and line ends on both sides.
    fileprivate var trimmed: UnsafeRawBufferPointer {
        var (start, end) = (0, count)
        while start < end, Self.isSpace(self[start]) { start += 1 }
        while end > start, Self.isSpace(self[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte.isBlank || byte == .carriageReturn || byte == .lineFeed }

    /// Whether a line of it begins with a blank.
    fileprivate var hasFoldedLine: Bool {
        var start = 0
        while start < count {
            if self[start].isBlank { return true }
            guard let feed = self[start...].firstIndex(of: .lineFeed) else { return false }
            start = feed + 1
        }
        return false
    }
}

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
    private var head: TransferHead?
    private var size = 0
    private(set) var isComplete = false
    /// What came behind the body.
    private(set) var trailers = HTTPFields()

    /// - Parameter limit: bytes that heads and trailers may have together, or 1xx responses could go on for ever.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes one line with or without its line end. The empty line completes a head.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        size += line.count
        guard size <= limit else {
            return .refused(TransferError(.badResponse, "the response has more than \(limit) bytes of fields"))
        }
        let bytes = line.trimmed
        let isContinuation = line.first?.isBlank ?? false
        if bytes.isEmpty { return isContinuation || isComplete ? .more : finish() }
        if isComplete {
            Self.add(bytes, to: &trailers, isContinuation: isContinuation)
        } else if !isContinuation, bytes.starts(with: "HTTP/".utf8) {
            return begin(String(decoding: bytes, as: UTF8.self))
        } else if head != nil {
            Self.add(bytes, to: &head!.fields, isContinuation: isContinuation)  // not nil: asked just before
        }
        return .more
    }

    private mutating func begin(_ statusLine: String) -> Step {
        let words = statusLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[1].count == 3, let status = Int64(digits: words[1]) else {
            return .refused(TransferError(.badResponse, "the response starts with a malformed status line"))
        }
        head = TransferHead(status: Int(status), httpVersion: String(words[0].dropFirst(5)))
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

    /// A field line; one whose name is no token is left out, one that starts with a blank continues the field before.
    private static func add(
        _ bytes: Slice<UnsafeRawBufferPointer>, to fields: inout HTTPFields, isContinuation: Bool
    ) {
        if isContinuation {
            guard let last = fields.popLast() else { return }
            fields.append(HTTPField(name: last.name, lenientValue: last.content.octets + [.space] + bytes))
            return
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let name = HTTPField.Name(octets: bytes[..<colon])
        else { return }
        let value = UnsafeRawBufferPointer(rebasing: bytes[(colon + 1)...]).trimmed
        fields.append(HTTPField(name: name, lenientValue: value))
    }
}

extension TransferHead {
    /// What is wrong with the declared lengths, if anything: two that differ, or one that is no number. Where the body
    /// ends would be a guess.
    var lengthContradiction: TransferError? {
        guard !isChunked, fields.contains(.contentLength), contentLength == nil else { return nil }
        return TransferError(.badResponse, "the response has contradicting or malformed Content-Length fields")
    }

    /// A transfer coding that was not asked for: what it makes of the bytes would be taken for the object's.
    var unaskedCoding: TransferError? {
        let codings = fields[values: .transferEncoding]
        guard !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" else { return nil }
        return TransferError(.badResponse, "the response has a transfer coding that was not asked for")
    }
}

extension UnsafeRawBufferPointer {
    /// Without blanks and line ends on both sides.
    fileprivate var trimmed: Slice<UnsafeRawBufferPointer> {
        let isSpace: (UInt8) -> Bool = { $0.isBlank || $0 == .carriageReturn || $0 == .lineFeed }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[first...last]
    }
}

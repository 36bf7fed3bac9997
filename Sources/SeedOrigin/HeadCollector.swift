import HTTPTypes

/// Gathers the header lines of one exchange into the head that counts. Each status line starts over, so heads of 1xx
/// answers vanish; lines after the body (trailers) are ignored.
struct HeadCollector {
    enum Step: Equatable {
        case more
        case complete(OriginHead)
        case refused(OriginError)
    }

    private let limit: Int
    private let url: String
    private var head: OriginHead?
    private var size = 0
    private var isComplete = false

    /// - Parameter limit: bytes that the heads may have together, or 1xx answers could go on for ever.
    init(limit: Int, url: String) {
        self.limit = limit
        self.url = url
    }

    /// Takes one line with or without its line end. The empty line completes the head.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        guard !isComplete else { return .more }
        size += line.count
        guard size <= limit else {
            return .refused(OriginError(.badAnswer, "the origin's answer has more than \(limit) bytes of headers"))
        }
        let bytes = line.trimmed
        let isContinuation = line.first.map(isBlank) ?? false
        if bytes.isEmpty { return isContinuation ? .more : finish() }
        if !isContinuation, bytes.starts(with: "HTTP/".utf8) { return begin(String(decoding: bytes, as: UTF8.self)) }
        add(bytes, isContinuation: isContinuation)
        return .more
    }

    private mutating func begin(_ statusLine: String) -> Step {
        let words = statusLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[1].count == 3, let status = Int64(digits: words[1]) else {
            return .refused(OriginError(.badAnswer, "the origin's answer starts with a malformed status line"))
        }
        head = OriginHead(status: Int(status), httpVersion: String(words[0].dropFirst(5)), url: url)
        return .more
    }

    private mutating func finish() -> Step {
        guard let head, head.status >= 200 else {
            self.head = nil
            return .more
        }
        isComplete = true
        if let contradiction = head.lengthContradiction ?? head.unaskedCoding { return .refused(contradiction) }
        return .complete(head)
    }

    /// A field line; one whose name is no token is left out, one that starts with a blank continues the field before.
    private mutating func add(_ bytes: Slice<UnsafeRawBufferPointer>, isContinuation: Bool) {
        if isContinuation {
            guard var fields = head?.headers, let last = fields.popLast() else { return }
            fields.append(HTTPField(name: last.name, lenientValue: Array("\(last.value) ".utf8) + bytes))
            head?.headers = fields
            return
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: bytes[..<colon], as: UTF8.self))
        else { return }
        let value = UnsafeRawBufferPointer(rebasing: bytes[(colon + 1)...]).trimmed
        head?.headers.append(HTTPField(name: name, lenientValue: value))
    }
}

extension OriginHead {
    /// What is wrong with the declared lengths, if anything: two that differ, or one that is no number. Where the body
    /// ends would be a guess.
    var lengthContradiction: OriginError? {
        guard !isChunked, headers.contains(where: { $0.name == .contentLength }), contentLength == nil else {
            return nil
        }
        return OriginError(.badAnswer, "the origin's answer has contradicting or malformed Content-Length fields")
    }
}

extension OriginHead {
    /// A transfer coding that was not asked for: what it makes of the bytes would be taken for the object's.
    var unaskedCoding: OriginError? {
        let codings = headers[values: .transferEncoding]
        guard !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" else { return nil }
        return OriginError(.badAnswer, "the origin used a transfer coding that was not asked for")
    }
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}

extension UnsafeRawBufferPointer {
    /// Without blanks and line ends on both sides.
    fileprivate var trimmed: Slice<UnsafeRawBufferPointer> {
        let isSpace: (UInt8) -> Bool = { isBlank($0) || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[first...last]
    }
}

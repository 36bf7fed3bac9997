import HTTPSemantics

/// What the fields of one head say together about its body, its host and its connection. Anything ambiguous is refused,
/// as it would allow request smuggling (RFC 9112 §6.3, §11.2).
struct FramingRules {
    private var hosts = 0
    private var length: Int64?
    private var isChunked = false
    private var closes = false
    private var keepsAlive = false
    /// Words of `Connection`, empty ones too. Each field's name is looked for among them, so there cannot be many.
    private var words = 0
    private static let mostWords = 32

    mutating func take(
        _ id: FieldID, _ value: UnsafeRawBufferPointer, _ head: inout RequestHead
    ) throws(RequestError) {
        switch id {
        case .host: try takeHost(value)
        case .contentLength: try takeLength(value)
        case .transferEncoding: try takeCoding(value)
        case .connection: try takeConnection(value, &head)
        default: break
        }
    }

    /// After the last field.
    func settle(_ head: inout RequestHead) throws(RequestError) {
        if hosts != 1, hosts > 1 || head.minorVersion > 0 { throw .badRequest("Exactly one Host field is needed.") }
        if isChunked, length != nil {
            throw .badRequest("Content-Length and Transfer-Encoding exclude each other.")
        }
        if isChunked, head.minorVersion == 0 { throw .badRequest("HTTP/1.0 has no Transfer-Encoding.") }
        head.framing = isChunked ? .chunked : length.map { .length($0) } ?? .none
        head.isPersistent = !closes && (head.minorVersion > 0 || keepsAlive)
    }

    private mutating func takeHost(_ value: UnsafeRawBufferPointer) throws(RequestError) {
        hosts += 1
        guard HostText.isValid(value) else { throw .badRequest("The Host field is no host with an optional port.") }
    }

    /// Digits only, once. RFC 9112 §6.3 lets recipients accept a list of equal lengths, so servers may differ about it.
    private mutating func takeLength(_ value: UnsafeRawBufferPointer) throws(RequestError) {
        guard length == nil else { throw .badRequest("Content-Length comes more than once.") }
        guard value.count <= 18, let number = Int64(digits: value) else {
            throw .badRequest("Content-Length is no number, or too large.")
        }
        length = number
    }

    private mutating func takeCoding(_ value: UnsafeRawBufferPointer) throws(RequestError) {
        guard !isChunked else { throw .badRequest("Transfer-Encoding comes more than once.") }
        isChunked = true
        if value.equalsIgnoringCase("chunked") { return }
        let codings = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { UnsafeRawBufferPointer(rebasing: $0).trimmingBlanks }
        guard let last = codings.last, last.equalsIgnoringCase("chunked"),
            codings.dropLast().allSatisfy({ !$0.isEmpty && !$0.equalsIgnoringCase("chunked") })
        else { throw .badRequest("chunked must be the last transfer coding, and stand there once.") }
        throw .unknownCoding
    }

    /// Framing and routing fields can't be hop-by-hop: without them others would read a different message.
    private mutating func takeConnection(
        _ value: UnsafeRawBufferPointer, _ head: inout RequestHead
    ) throws(RequestError) {
        for word in value.split(
            separator: UInt8(ascii: ","), maxSplits: Self.mostWords, omittingEmptySubsequences: false)
        {
            words += 1
            guard words <= Self.mostWords else { throw .badRequest("Connection has too many words.") }
            let word = UnsafeRawBufferPointer(rebasing: word).trimmingBlanks
            if word.equalsIgnoringCase("close") {
                closes = true
            } else if word.equalsIgnoringCase("keep-alive") {
                keepsAlive = true
            } else if !word.isEmpty {
                head.nominatesFields = true
                guard !word.equalsIgnoringCase("content-length"),
                    !word.equalsIgnoringCase("host")
                else { throw .badRequest("Connection names a field that it may not name.") }
            }
        }
    }
}

/// `host[:port]` as the `Host` field has it (RFC 9110 §7.2).
package enum HostText {
    package static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        if text.first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")), close > 1 else { return false }
            guard text[1..<close].allSatisfy({ $0 == UInt8(ascii: ":") || ASCIISet.host.contains($0) }) else {
                return false
            }
            position = close + 1
        } else {
            while position < text.count, ASCIISet.host.contains(text[position]) { position += 1 }
        }
        guard position < text.count else { return true }
        let port = text[(position + 1)...]
        return text[position] == UInt8(ascii: ":") && port.count <= 5 && port.allSatisfy(\.isDigit)
    }
}

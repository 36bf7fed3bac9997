import HTTPSemantics

/// Cuts one request's body out of a connection's bytes (RFC 9112 §6, §7.1). Chunk framing, extensions and trailers are
/// checked and left out.
struct BodyReader {
    /// Bytes of the line before a chunk, extensions included.
    static let longestChunkLine = 1024
    /// Bytes of chunk extensions in one body: they cost work and mean nothing.
    static let mostExtensionBytes = 16 << 10
    /// Bytes of all trailer fields.
    static let longestTrailers = 8 << 10

    private enum Phase {
        /// A body of known length; what is left of it.
        case length(Int64)
        case chunkLine
        case chunk(Int64)
        case chunkEnd
        case trailers
        case over
    }

    private var phase: Phase
    private var extensionBytes = 0
    private var trailerBytes = 0

    init(_ framing: RequestHead.Framing) {
        phase =
            switch framing {
            case .none: .over
            case .length(let length): length > 0 ? .length(length) : .over
            case .chunked: .chunkLine
            }
    }

    var isOver: Bool { if case .over = phase { true } else { false } }

    /// The next bytes of the body, taken out of `bytes`; nil when more must come first, or the body is over.
    mutating func next(_ bytes: inout UnsafeRawBufferPointer) throws(RequestError) -> UnsafeRawBufferPointer? {
        while true {
            switch phase {
            case .over: return nil
            case .length(let left): return take(left, &bytes) { $0 > 0 ? .length($0) : .over }
            case .chunk(let left): return take(left, &bytes) { $0 > 0 ? .chunk($0) : .chunkEnd }
            case .chunkLine: guard try readChunkLine(&bytes) else { return nil }
            case .chunkEnd: guard try readChunkEnd(&bytes) else { return nil }
            case .trailers: guard try readTrailer(&bytes) else { return nil }
            }
        }
    }

    private mutating func take(
        _ left: Int64, _ bytes: inout UnsafeRawBufferPointer, then: (Int64) -> Phase
    ) -> UnsafeRawBufferPointer? {
        let count = Int(min(left, Int64(bytes.count)))
        guard count > 0 else { return nil }
        phase = then(left - Int64(count))
        return bytes.removeFirst(count)
    }

    private mutating func readChunkLine(_ bytes: inout UnsafeRawBufferPointer) throws(RequestError) -> Bool {
        guard let line = try readLine(&bytes, limit: Self.longestChunkLine) else { return false }
        guard let (size, rest) = ChunkLine.size(line) else { throw .badChunk }
        extensionBytes += rest
        guard extensionBytes <= Self.mostExtensionBytes else { throw .badChunk }
        phase = size > 0 ? .chunk(size) : .trailers
        return true
    }

    private mutating func readChunkEnd(_ bytes: inout UnsafeRawBufferPointer) throws(RequestError) -> Bool {
        if let first = bytes.first, first != .carriageReturn { throw .badChunk }
        guard bytes.count > 1 else { return false }
        guard bytes[1] == .lineFeed else { throw .badChunk }
        _ = bytes.removeFirst(2)
        phase = .chunkLine
        return true
    }

    private mutating func readTrailer(_ bytes: inout UnsafeRawBufferPointer) throws(RequestError) -> Bool {
        guard let line = try readLine(&bytes, limit: Self.longestTrailers) else { return false }
        trailerBytes += line.count
        guard trailerBytes <= Self.longestTrailers else { throw .headTooLarge }
        guard line.count > 2 else {
            phase = .over
            return true
        }
        _ = try FieldLine.read(line, from: 0)
        return true
    }

    /// A line with its CR LF; nil when its end has not come.
    private func readLine(
        _ bytes: inout UnsafeRawBufferPointer, limit: Int
    ) throws(RequestError) -> UnsafeRawBufferPointer? {
        let length = bytes.firstIndex(of: .lineFeed).map { $0 + 1 }
        guard length ?? bytes.count <= limit else { throw .badChunk }
        guard let length else { return nil }
        guard length > 1, bytes[length - 2] == .carriageReturn else { throw .badChunk }
        return bytes.removeFirst(length)
    }
}

extension UnsafeRawBufferPointer {
    /// - Returns: the first `count` bytes, which are taken out.
    fileprivate mutating func removeFirst(_ count: Int) -> UnsafeRawBufferPointer {
        defer { self = UnsafeRawBufferPointer(rebasing: self[count...]) }
        return UnsafeRawBufferPointer(rebasing: self[..<count])
    }
}

/// `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1).
enum ChunkLine {
    /// The size, and how many bytes of extensions follow it; nil if the line is invalid.
    static func size(_ line: UnsafeRawBufferPointer) -> (size: Int64, extensionBytes: Int)? {
        var position = 0
        var size: Int64 = 0
        while let digit = line[position].hexValue {
            guard position < 15 else { return nil }  // 60 bits; no chunk is longer, whatever its zeros in front
            size = size << 4 | Int64(digit)
            position += 1
        }
        guard position > 0 else { return nil }
        let rest = UnsafeRawBufferPointer(rebasing: line[position..<line.count - 2])
        return areExtensions(rest) ? (size, rest.count) : nil
    }

    /// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`
    private static func areExtensions(_ text: UnsafeRawBufferPointer) -> Bool {
        var reader = ExtensionReader(text: text)
        while !reader.isAtEnd {
            guard reader.skip(UInt8(ascii: ";")), reader.skipToken() else { return false }
            guard reader.skip(UInt8(ascii: "=")) else { continue }
            guard reader.skipToken() || reader.skipQuoted() else { return false }
        }
        return true
    }
}

private struct ExtensionReader {
    let text: UnsafeRawBufferPointer
    private var position = 0

    init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    var isAtEnd: Bool { position == text.count }

    /// The byte, with blanks around it.
    mutating func skip(_ byte: UInt8) -> Bool {
        let start = position
        skipBlanks()
        guard position < text.count, text[position] == byte else {
            position = start
            return false
        }
        position += 1
        skipBlanks()
        return true
    }

    mutating func skipToken() -> Bool {
        let start = position
        while position < text.count, ASCIISet.token.contains(text[position]) { position += 1 }
        return position > start
    }

    mutating func skipQuoted() -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: "\"") else { return false }
        position += 1
        while position < text.count, text[position].isFieldContent {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return true }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard position < text.count, text[position].isFieldContent else { return false }
            position += 1
        }
        return false
    }

    private mutating func skipBlanks() {
        while position < text.count, text[position].isBlank { position += 1 }
    }
}

extension UInt8 {
    fileprivate var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}

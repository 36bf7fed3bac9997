import Glibc
import NIOCore

/// Cuts one request's body out of a connection's bytes (RFC 9112 §6, §7.1). Chunk framing, extensions and trailers are
/// checked and left out.
struct BodyReader {
    /// Bytes of the line before a chunk, extensions included.
    static let longestChunkLine = 1024
    /// Bytes of extensions in one body: they are work for us and nothing for anybody else.
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

    /// The next bytes of the body; nil when more must come first, or the body is over.
    mutating func next(_ bytes: inout ByteBuffer) throws(Refusal) -> ByteBuffer? {
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

    private mutating func take(_ left: Int64, _ bytes: inout ByteBuffer, then: (Int64) -> Phase) -> ByteBuffer? {
        let count = Int(min(left, Int64(bytes.readableBytes)))
        guard count > 0 else { return nil }
        phase = then(left - Int64(count))
        return bytes.readSlice(length: count)
    }

    private mutating func readChunkLine(_ bytes: inout ByteBuffer) throws(Refusal) -> Bool {
        guard let line = try readLine(&bytes, limit: Self.longestChunkLine) else { return false }
        guard let (size, rest) = line.withUnsafeReadableBytes({ ChunkLine.size($0) }) else { throw .badChunk }
        extensionBytes += rest
        guard extensionBytes <= Self.mostExtensionBytes else { throw .badChunk }
        phase = size > 0 ? .chunk(size) : .trailers
        return true
    }

    private mutating func readChunkEnd(_ bytes: inout ByteBuffer) throws(Refusal) -> Bool {
        let start = bytes.readerIndex
        if let first = bytes.getInteger(at: start, as: UInt8.self), first != .carriageReturn { throw .badChunk }
        guard let end = bytes.readInteger(as: UInt16.self) else { return false }
        guard end == 0x0d0a else { throw .badChunk }
        phase = .chunkLine
        return true
    }

    private mutating func readTrailer(_ bytes: inout ByteBuffer) throws(Refusal) -> Bool {
        guard let line = try readLine(&bytes, limit: Self.longestTrailers) else { return false }
        trailerBytes += line.readableBytes
        guard trailerBytes <= Self.longestTrailers else { throw .headTooLarge }
        guard line.readableBytes > 2 else {
            phase = .over
            return true
        }
        var refusal: Refusal?
        line.withUnsafeReadableBytes { base in
            do throws(Refusal) { _ = try FieldLine.read(base, from: 0) } catch { refusal = error }
        }
        if let refusal { throw refusal }
        return true
    }

    /// A line with its CR LF; nil when its end has not come.
    private func readLine(_ bytes: inout ByteBuffer, limit: Int) throws(Refusal) -> ByteBuffer? {
        let length = bytes.readableBytesView.firstIndex(of: .lineFeed).map { $0 - bytes.readerIndex + 1 }
        guard length ?? bytes.readableBytes <= limit else { throw .badChunk }
        guard let length else { return nil }
        guard length > 1, bytes.getInteger(at: bytes.readerIndex + length - 2, as: UInt8.self) == .carriageReturn
        else { throw .badChunk }
        return bytes.readSlice(length: length)
    }
}

/// `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1).
enum ChunkLine {
    /// The size, and how many bytes of extensions follow it; nil if the line is none.
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

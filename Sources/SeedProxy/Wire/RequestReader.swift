import NIOCore

/// A request in the order its parts arrive.
enum RequestPart {
    case head(RequestHead)
    case body(ByteBuffer)
    case end
    /// What followed could not be read as HTTP; nothing comes after it.
    case malformed(Refusal)
}

/// Turns the bytes of one connection into the parts of its requests, one when asked for one. A pure value.
///
/// It holds what was received and not yet asked for: at most one read of the socket and one unfinished line or head.
struct RequestReader {
    private enum Phase {
        case head
        case body(BodyReader)
        /// Something malformed came; the rest is thrown away.
        case dead
    }

    private var bytes = ByteBuffer()
    private var parser = HeadParser()
    private var phase = Phase.head

    /// Bytes came, but not the end of the head they belong to.
    var holdsPartialHead: Bool {
        if case .head = phase { return bytes.readableBytes > 0 }
        return false
    }

    mutating func receive(_ more: ByteBuffer) {
        if case .dead = phase { return }
        if bytes.readableBytes == 0 {
            bytes = more
        } else {
            bytes.writeImmutableBuffer(more)
        }
    }

    /// The next part; nil when more bytes are needed.
    mutating func next() -> RequestPart? {
        do throws(Refusal) {
            let part = try readPart()
            // An idle connection holds no memory of what came before.
            if bytes.readableBytes == 0 { bytes = ByteBuffer() }
            return part
        } catch {
            (phase, bytes) = (.dead, ByteBuffer())
            return .malformed(error)
        }
    }

    private mutating func readPart() throws(Refusal) -> RequestPart? {
        switch phase {
        case .dead: return nil
        case .head:
            guard bytes.readableBytes > 0, let head = try parser.parse(&bytes) else { return nil }
            if head.hasBody || head.isChunked { phase = .body(BodyReader(head.framing)) }
            return .head(head)
        case .body(var reader):
            let part = try reader.next(&bytes)
            phase = reader.isOver && part == nil ? .head : .body(reader)
            if let part { return .body(part) }
            return reader.isOver ? .end : nil
        }
    }
}

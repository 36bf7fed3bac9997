import EventLoops
import Glibc
package import SeedSupport

/// Frames the responses of one connection, queues their bytes and writes them to its socket. TLS will need another
/// writer.
///
/// Never more bytes leave than a head promised, and fewer only together with a reset (rule:abort-is-reset).
struct ResponseWriter {
    private var queue = ExtentQueue()
    /// What may still follow of the body.
    private var rest = ResponseFraming.Body.none
    /// Of the response that was begun last; 0 before its head.
    private(set) var status = 0
    /// Body bytes of that response, without the frames of chunks.
    private(set) var bodyBytes: Int64 = 0
    /// No byte follows the head: what is sent is left out.
    private(set) var isDropped = false
    /// All bytes that the kernel took, over all responses.
    private(set) var taken = 0

    /// Bytes that the client has not taken.
    var queued: Int { queue.count }
    var isEmpty: Bool { queue.isEmpty }

    /// Another request came: none of its response has been written.
    mutating func reset() {
        (rest, status, bodyBytes, isDropped) = (.none, 0, 0, false)
    }

    /// A response that the final one follows.
    mutating func interim(_ head: borrowing HeadBytes) {
        queue.append(head.buffer, count: head.count)
    }

    /// - Parameter head: says what `framing` tells.
    mutating func begin(_ head: borrowing HeadBytes, _ framing: ResponseFraming) {
        status = head.status
        bodyBytes = 0
        (rest, isDropped) = (framing.sent, framing.isLeftOut)
        queue.append(head.buffer, count: head.count)
    }

    /// - Returns: false when it would be more than was promised; nothing is queued then.
    mutating func send(_ bytes: Bytes, lease: AnyObject? = nil) -> Bool {
        guard bytes.count > 0, !isDropped else { return true }
        guard account(bytes.count) else { return false }
        guard case .chunked = rest else {
            queue.append(bytes, lease: lease)
            return true
        }
        if lease == nil, bytes.count <= WriteLimits.copiedChunk {
            queue.append(Chunk.framed(bytes))
        } else {
            queue.append(Chunk.head(bytes.count))
            queue.append(bytes, lease: lease)
            queue.append(Chunk.end)
        }
        return true
    }

    mutating func send(_ file: FileExtent) -> Bool {
        guard file.count > 0, !isDropped else { return true }
        guard account(file.count) else { return false }
        guard case .chunked = rest else {
            queue.append(file)
            return true
        }
        queue.append(Chunk.head(file.count))
        queue.append(file)
        queue.append(Chunk.end)
        return true
    }

    /// - Returns: whether so many bytes more may follow.
    private mutating func account(_ count: Int) -> Bool {
        switch rest {
        case .none: return false
        case .length(let left):
            guard Int64(count) <= left else { return false }
            rest = .length(left - Int64(count))
        case .chunked, .untilClose: break
        }
        bodyBytes += Int64(count)
        return true
    }

    /// - Returns: false when fewer bytes came than were promised.
    mutating func end() -> Bool {
        switch rest {
        case .length(let left) where left > 0: return false
        case .chunked: queue.append(Chunk.last)
        default: break
        }
        rest = .none
        return true
    }

    /// Drops what has not left.
    mutating func clear() {
        self = ResponseWriter()
    }
}

// MARK: The socket

extension ResponseWriter {
    /// Writes what is queued, as far as the socket takes it now.
    /// - Parameter turn: bytes that may still be written in this turn; goes down to 0.
    /// - Throws: the connection can't be used any more.
    mutating func flush(to socket: Int32, turn: inout Int) throws(Errno) {
        while turn > 0, let step = queue.next(limit: turn) {
            let (sent, wanted) = try write(step, to: socket)
            if sent > 0 { queue.consume(sent) }
            taken &+= sent
            turn -= sent
            if sent < wanted { return }
        }
    }

    private func write(_ step: ExtentQueue.Step, to socket: Int32) throws(Errno) -> (sent: Int, wanted: Int) {
        do throws(Errno) {
            switch step {
            case .gather(let pieces, let count, let more):
                return (try gather(pieces, count, more, socket), count)
            case .sendFile(let file, let offset, let count):
                let sent = try Socket.sendFile(socket, from: file, at: offset, count: count)
                // The file is shorter than it was: the promise can't be kept.
                if sent == 0 { throw Errno.truncated }
                return (sent, count)
            }
        } catch {
            guard error == .again else { throw error }
            return (0, 1)
        }
    }

    private func gather(_ pieces: Int, _ count: Int, _ more: Bool, _ socket: Int32) throws(Errno) -> Int {
        try withUnsafeTemporaryAllocation(of: IOVector.self, capacity: pieces) { vectors throws(Errno) in
            queue.locate(pieces, count: count, into: vectors)
            return try Socket.send(socket, UnsafeBufferPointer(vectors), more: more)
        }
    }
}

extension Errno {
    /// A file ended before the bytes that were promised of it.
    static let truncated = Errno(ENODATA)

    /// The peer ended the connection, or can't be reached.
    var isPeerGone: Bool { [EPIPE, ECONNRESET, ETIMEDOUT, ENOTCONN].contains(code) }
}

/// The chunked transfer coding as we write it (RFC 9112 §7.1).
package enum Chunk {
    package static let last = Bytes("0\r\n\r\n")
    static let end = Bytes("\r\n")

    /// - Parameter count: not 0; an empty chunk would be the last one.
    static func head(_ count: Int) -> Bytes { Bytes(String(count, radix: 16) + "\r\n") }

    /// - Parameter bytes: not empty.
    static func framed(_ bytes: Bytes) -> Bytes {
        var builder = ByteBuilder(capacity: bytes.count + 16)
        builder.append(head(bytes.count))
        builder.append(bytes)
        builder.append(end)
        return builder.take()
    }
}

import EventLoops
import SeedSupport

/// What is to be sent on one connection, and by which system call next. Pure logic, no I/O.
struct ExtentQueue {
    /// One call.
    enum Step {
        /// So many of the first pieces, all in memory, `count` bytes of them.
        case gather(pieces: Int, count: Int, more: Bool)
        /// A part of a file, which is the front of the first piece.
        case sendFile(descriptor: Int32, offset: Int64, count: Int)
    }

    /// Bytes and what keeps them alive, stored apart so that reading them copies no reference.
    private struct Piece {
        /// Nil for a part of a file.
        var base: UnsafeRawPointer?
        var descriptor: Int32 = -1
        var offset: Int64 = 0
        var count: Int
        var bytes: Bytes
        var owner: AnyObject?

        /// Releases the lease as soon as its bytes are sent.
        mutating func letGo() {
            bytes = Bytes()
            owner = nil
        }

        mutating func removeFirst(_ sent: Int) {
            count -= sent
            if let base { self.base = base + sent } else { offset += Int64(sent) }
        }
    }

    /// Those from `first` to `end` wait; the others are empty places.
    private var pieces: [Piece] = []
    private var first = 0
    private var end = 0
    /// Bytes that wait.
    private(set) var count = 0

    var isEmpty: Bool { first == end }
    /// Pieces that there is memory for.
    var capacity: Int { pieces.capacity }

    mutating func append(_ bytes: Bytes, lease: AnyObject? = nil) {
        append(Piece(base: bytes.unowned.baseAddress, count: bytes.count, bytes: bytes, owner: lease))
    }

    /// A head behind queued bytes is copied: its buffer is many times longer, and uncounted.
    /// - Parameter count: bytes from the buffer's start.
    mutating func append(_ buffer: HeadBuffer, count: Int) {
        guard isEmpty else { return append(Bytes(copying: UnsafeRawBufferPointer(start: buffer.base, count: count))) }
        append(Piece(base: buffer.base, count: count, bytes: Bytes(), owner: buffer))
    }

    mutating func append(_ file: FileExtent) {
        append(
            Piece(
                base: nil, descriptor: file.descriptor, offset: file.offset, count: file.count, bytes: Bytes(),
                owner: file.lease))
    }

    private mutating func append(_ piece: consuming Piece) {
        guard piece.count > 0 else { return }
        if pieces.isEmpty { pieces.reserveCapacity(WriteLimits.keptPlaces) }
        count += piece.count
        if end < pieces.count { pieces[end] = piece } else { pieces.append(piece) }
        end += 1
    }

    /// - Parameter limit: bytes, at least 1.
    /// - Returns: nil when nothing waits.
    func next(limit: Int) -> Step? {
        var (index, total) = (first, 0)
        while index < end, index - first < WriteLimits.vectors, total < limit {
            let count = pieces[index].count
            if pieces[index].base == nil {
                guard index == first else {
                    return .gather(pieces: index - first, count: total, more: count <= WriteLimits.holdHeadUpTo)
                }
                let (descriptor, offset) = (pieces[index].descriptor, pieces[index].offset)
                return .sendFile(descriptor: descriptor, offset: offset, count: min(count, limit))
            }
            total += count
            index += 1
        }
        return total > 0 ? .gather(pieces: index - first, count: min(total, limit), more: false) : nil
    }

    /// Writes where the first pieces are, `count` bytes together, into `vectors`.
    /// The pointers are valid until the queue changes.
    func locate(_ number: Int, count: Int, into vectors: UnsafeMutableBufferPointer<IOVector>) {
        var left = count
        for index in 0..<number {
            let size = min(left, pieces[first + index].count)
            let part = UnsafeRawBufferPointer(start: pieces[first + index].base, count: size)
            vectors.initializeElement(at: index, to: IOVector(part))
            left -= size
        }
    }

    /// So many bytes have left.
    mutating func consume(_ sent: Int) {
        count -= sent
        var left = sent
        while left > 0 {
            let size = pieces[first].count
            guard left >= size else { return pieces[first].removeFirst(left) }
            left -= size
            pieces[first].letGo()
            first += 1
        }
        if isEmpty { keepLittle() } else { compact() }
    }

    /// A client slower than its responder never empties the queue, so free places in front are dropped when they are
    /// half of it: each piece is moved once.
    private mutating func compact() {
        guard first >= WriteLimits.vectors, 2 * first >= end else { return }
        pieces.removeSubrange(..<first)
        (first, end) = (0, end - first)
    }

    /// An empty queue keeps only a little memory.
    private mutating func keepLittle() {
        (first, end) = (0, 0)
        if pieces.count > WriteLimits.keptPlaces { pieces = [] }
    }
}

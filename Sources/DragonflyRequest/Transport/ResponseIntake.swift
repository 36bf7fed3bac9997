import HTTPSemantics
import HTTPTransfers
import SeedSupport

/// The unread part of one response. Pure logic, no I/O: decides what is kept, when the sender must wait, and when to
/// wake the reader.
///
/// A body that the reader wants whole is gathered up to ``longestGathered`` while its bytes are still in the processor's
/// cache, and the reader is woken once, at the end: waking costs more than copying. So is the body of a refusal. What is gathered
/// belongs to the reader, who wants it in memory, and is not counted among the bytes that wait.
struct ResponseIntake: Sendable {
    /// Bytes that may wait for the reader before the sender has to wait, where there is room for them.
    static let highWatermark = 1 << 20
    /// The same when there is no room.
    static let lowWatermark = 4 << 10
    static let longestGathered = 4 << 20
    /// Of the body of a response that is not 2xx, for the message.
    static let longestRefusal = 64 << 10
    /// Bytes of one chunk, as far as the reader leaves time for so many.
    private static let chunkLength = 64 << 10
    /// What curl delivers at a time while there is more. After a shorter piece, more may take a while.
    private static let pieceLength = 16 << 10

    enum End: Hashable, Sendable {
        case complete
        case failed(TransportError)
    }

    /// What a reader waits for.
    enum Awaited: Hashable, Sendable {
        /// The head; of a body that is gathered, its end.
        case head
        /// So many bytes, or the end.
        case bytes(Int)
        case end
    }

    private(set) var head: TransferHead?
    private(set) var end: End?
    /// Bytes for the reader.
    private(set) var waiting = 0
    /// The sender was told to wait.
    private(set) var isPaused = false
    /// No byte has come for too long. The next one ends that.
    var isSilent = false
    private let gathers: Bool
    private var gathered: [UInt8]?
    private var chunks: [Bytes] = []
    private var last = ByteBuilder()

    /// - Parameter gathers: whether the reader wants all bytes in memory.
    init(gathers: Bool) {
        self.gathers = gathers
    }

    var isRefusal: Bool { head?.isSuccess == false }

    func has(_ awaited: Awaited) -> Bool {
        if end != nil || isSilent { return true }
        switch awaited {
        case .head: return head != nil && gathered == nil
        // A paused sender sends no more.
        case .bytes(let count): return waiting >= count || isPaused
        case .end: return false
        }
    }
}

/// What comes.
extension ResponseIntake {
    mutating func receive(_ head: TransferHead) {
        isSilent = false
        self.head = head
        if !head.isSuccess {
            gathered = []
        } else if gathers, let length = head.contentLength, length <= Self.longestGathered {
            gathered = []
        }
    }

    /// - Parameter room: bytes that may wait for all readers together and don't yet. None takes more than its share.
    mutating func receive(_ bytes: UnsafeRawBufferPointer, room: Int64 = .max) -> TransferIntake {
        isSilent = false
        if gathered != nil { return gather(bytes) }
        let limit = Int(min(max(Int64(Self.lowWatermark), largestShare(of: room)), Int64(Self.highWatermark)))
        guard waiting < limit else {
            isPaused = true
            return .pause
        }
        if last.count + bytes.count > Self.chunkLength { chunks.append(last.take()) }
        if last.isEmpty { last.reserve(bytes.count < Self.pieceLength ? bytes.count : min(limit, Self.chunkLength)) }
        last.append(bytes)
        waiting += bytes.count
        return .taken
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer) -> TransferIntake {
        guard isRefusal else {
            gathered?.makeRoom(for: bytes.count, expecting: head?.contentLength ?? 0)
            gathered?.append(contentsOf: bytes)
            return .taken
        }
        let room = Self.longestRefusal - (gathered?.count ?? 0)
        gathered?.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes.prefix(room)))
        return bytes.count < room ? .taken : .stop
    }

    /// False when it had ended before.
    mutating func finish(_ end: End) -> Bool {
        guard self.end == nil else { return false }
        isSilent = false
        self.end = end
        return true
    }
}

/// What is read.
extension ResponseIntake {
    /// What was gathered; ``takeChunks()`` gives what comes after it.
    mutating func takeGathered() -> [UInt8] {
        gathered.take() ?? []
    }

    /// All bytes that have come. The sender need not wait any more.
    mutating func takeChunks() -> [Bytes] {
        let gathered = takeGathered()
        if !gathered.isEmpty { return [Bytes(gathered)] }
        if !last.isEmpty { chunks.append(last.take()) }
        defer { (chunks, waiting, isPaused) = ([], 0, false) }
        return chunks
    }
}

extension [UInt8] {
    /// Makes room for so many more bytes, and for what has come 64 times over as long as the total that is expected is longer: a
    /// sender's word alone costs no memory, and few bytes are moved. Room that nothing is written to takes addresses only. (By
    /// fours, gets of 8 MiB took a tenth more processor time.)
    mutating func makeRoom(for count: Int, expecting total: Int64) {
        let needed = self.count + count
        guard needed > capacity, total > needed else { return }
        reserveCapacity(Swift.min(Int(clamping: total), Swift.max(64 << 10, 64 * needed)))
    }
}

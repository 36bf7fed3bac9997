import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Names a client's stream inside its task.
typealias StreamID = UInt64

/// Where a stream is; kept by the stream, lent to the machine.
struct Cursor: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        case opening
        case reading(epoch: Int, ByteRange)
        /// Past the store.
        case direct(ByteRange)
        case over
    }

    init(_ id: StreamID, _ request: TaskRequest) {
        self.init(id: id, spec: request.range, priority: request.priority)
    }

    init(id: StreamID, spec: RangeSpec?, priority: OriginPriority = .demand) {
        self.id = id
        self.spec = spec
        self.priority = priority
    }

    /// The client was given so many bytes past the store.
    mutating func passed(_ count: Int) {
        if case .direct(let left) = phase {
            phase = .direct(ByteRange(left.lowerBound + Int64(count), left.upperBound))
        }
    }

    let id: StreamID
    let spec: RangeSpec?
    var priority = OriginPriority.demand
    /// Its range is the whole object; known from the head on.
    var isWhole = false
    var phase = Phase.opening
}

/// A stream waiting for missing bytes.
struct Demand: Sendable, Equatable {
    /// What the stream's client asks of the origin.
    let request: TaskRequest
    var spec: RangeSpec?
    /// The bytes it still wants; `nil` until the length is known.
    var wanted: ByteRange?
    /// How far ahead of the stream's position flights may be started, in bytes. It grows while the client keeps up.
    var window: Int64
    /// Up to here flights and checks are under way.
    var plannedTo: Int64 = 0
    private var starvedAt: Int64?
    /// It returned `.wait` and has not been woken since.
    var isWaiting = false
    /// What the origin was asked for this stream, if the request was made for it.
    var leads: FlightState.Purpose?
    /// The origin has responded since this stream came: it need not be asked again.
    var isAnswered = false
    var priority = OriginPriority.demand
    /// Wants every byte of the object, so its last block waits for the proof (rule:checksums).
    var isWhole: Bool
    var result: PollResult?

    init(_ cursor: Cursor, _ request: TaskRequest, wanted: ByteRange? = nil, window: Int64) {
        self.request = request
        spec = cursor.spec
        priority = cursor.priority
        isWhole = cursor.isWhole
        self.wanted = wanted
        self.window = window
        plannedTo = wanted?.lowerBound ?? 0
    }

    /// Its client was told nothing yet.
    var isOpening: Bool { wanted == nil && result == nil }

    var isSuffix: Bool {
        if case .suffix = spec { true } else { false }
    }

    /// The client took every byte there was: it is faster than the origin, so fetch further ahead.
    mutating func starved(at position: Int64, limit: Int64) {
        let last = starvedAt ?? (wanted?.lowerBound ?? position)
        starvedAt = last
        guard position - last >= window / 8 else { return }
        window = min(window * 2, limit)
        starvedAt = position
    }

    /// The bytes to plan for next; `nil` while enough is under way. Small steps are batched up to half a window or a
    /// span, so that a slow client doesn't cause many tiny spans.
    func horizon(span: Int64) -> ByteRange? {
        guard let wanted else { return nil }
        let start = max(plannedTo, wanted.lowerBound)
        let end = min(wanted.upperBound, wanted.lowerBound + window)
        guard start < end else { return nil }
        if end == wanted.upperBound { return ByteRange(start, end) }
        let count = end - start
        guard count >= min(span, window / 2) else { return nil }
        return ByteRange(start, count > span ? start + count / span * span : end)
    }
}

/// The result of polling a stream. Large, rare cases are indirect, so that the frequent ones copy as two integers.
enum PollResult: Sendable, Equatable {
    case wait
    indirect case head(HeadFacts)
    case bytes(ByteRange)
    case end
    case unsatisfiable(length: Int64)
    indirect case origin(OriginErrorResponse)
    case bypass(BypassReason)
    indirect case failed(EngineError)
    /// The bytes are there under another key.
    indirect case elsewhere(RecognizedBytes)
    /// The bytes that the stream was led to can't be had any more.
    case gone
    /// The store has no room for the rest: it comes by the stream's own buffer.
    indirect case direct(Generation)

    /// The stream has to go on with another task.
    var isElsewhere: Bool {
        switch self {
        case .elsewhere, .gone: true
        default: false
        }
    }
}

/// What the machine contributes to a `StreamHead`.
struct HeadFacts: Sendable, Equatable {
    var generation: Generation
    var range: ByteRange
    var isFinished: Bool
    var cacheStatus: StreamHead.CacheStatus
}

/// What one poll of a stream came to.
struct StreamStep: Sendable {
    var cursor: Cursor
    var result = PollResult.wait
    var file: ContentFile?
    var lease: Lease?
    /// Brings the rest past the store.
    var direct: DirectBuffer?
    /// The bytes themselves, if they are in memory.
    var memory: Bytes?
    /// The piece of the first byte, and its length.
    var piece: (number: Int, bytes: Int64)?
    /// With the piece.
    var grid: BlockGrid?
}

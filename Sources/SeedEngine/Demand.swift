import DragonflyIdentity
import HTTPSemantics
import SeedOrigin

/// A stream that needs bytes which are not here yet.
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
    /// It returned `.wait` and was not woken since.
    var isWaiting = false
    /// What the origin was asked for this stream, if the request was made for it.
    var leads: FlightState.Purpose?
    /// The origin has spoken since this stream came: it need not be asked again.
    var isAnswered = false
    var priority = OriginPriority.demand
    /// Wants every byte of the object, so its last block waits for the proof (rule 11).
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

    /// The bytes to plan for next; `nil` while enough is under way. Small steps are saved up to half a window or a
    /// span, so that a slow client does not cause many tiny spans.
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

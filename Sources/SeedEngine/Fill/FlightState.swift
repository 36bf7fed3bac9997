import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedSupport

/// Names a flight inside its task.
typealias FlightID = UInt64

/// What the task machine knows of a span that is being fetched.
struct FlightState: Sendable, Equatable {
    enum Purpose: Sendable, Equatable {
        /// Nothing is known of the task yet; the response tells length and validator.
        case firstContact
        /// Asks whether the generation still counts; turns into a first contact if not.
        case revalidation
        case demand
        /// For one stream alone, past the store.
        case direct
        /// No stream waits for it: it completes a touched piece, or the whole object.
        case completion
    }

    var purpose: Purpose
    /// Whose URL and fields it is asked with.
    let request: TaskRequest
    var priority: OriginPriority
    /// The bytes this flight brings; for a first contact known only from the response on.
    var range: ByteRange?
    /// The end of what is written: the watermark.
    var written: Int64
    /// Who gets its bytes, if they don't go into the store.
    var direct: DirectReader?
    /// The end it had before it was trimmed: until it has ended, bytes up to here may still be on their way to the file.
    var claimedEnd: Int64?

    /// Bytes written so far.
    var progress: Int64 { written - (range?.lowerBound ?? written) }

    /// The bytes still to come.
    var pending: ByteRange? {
        range.flatMap { written < $0.upperBound ? ByteRange(written, $0.upperBound) : nil }
    }

    /// The response ended so early that continuing would take endless requests; treated as a failure.
    var endedEarly: Bool { pending != nil && progress < 16 << 10 }

    /// The bytes no other flight may fetch meanwhile (rule:published-immutable).
    var claimed: ByteRange? {
        guard let range else { return nil }
        let end = claimedEnd ?? range.upperBound
        return written < end ? ByteRange(written, end) : nil
    }
}

/// The stream that gets a flight's bytes past the store, and the version that it reads.
struct DirectReader: Sendable, Equatable {
    var stream: StreamID
    var generation: Generation
}

/// One request to the origin, decided by the task machine.
struct FlightOrder: Sendable, Equatable {
    var id: FlightID
    /// Whose URL and fields to ask with.
    var request: TaskRequest
    /// What to ask for.
    var ask: RangeSpec
    var purpose: FlightState.Purpose
    /// Names the generation that the response must belong to; none at first contact.
    var condition: RequestCondition
    /// Who gets its bytes, if they don't go into the store.
    var direct: DirectReader?
    /// Expected bytes to reserve space for.
    var reserve: Int64
    var priority: OriginPriority
}

/// A response's head, with everything that the machine's decision depends on.
struct JudgedHead: Sendable {
    var admission: ResponseAdmission
    /// Those that describe the object.
    var headers: HTTPFields
    /// When the origin made the response; earlier than now if other caches kept it.
    var madeAt: Timestamp
    /// Whether the same request may be made again if this is an error.
    var retry: Retry
    /// Bytes that are reserved for the flight.
    var room: Int64 = .max

    /// The body is the object from its first byte to its last.
    var isWhole: Bool {
        if case .whole = admission { true } else { false }
    }
}

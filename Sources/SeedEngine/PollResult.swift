import DragonflyIdentity
import HTTPSemantics

/// What a stream is told when it asks for more.
enum PollResult: Sendable, Equatable {
    case wait
    case head(HeadFacts)
    case bytes(ByteRange)
    case end
    case unsatisfiable(length: Int64)
    case origin(OriginAnswer)
    case bypass(BypassReason)
    case failed(EngineError)
    /// The store has no room for the rest, which this stream fetches for itself.
    case direct(Generation)
}

/// What the machine contributes to a `StreamHead`.
struct HeadFacts: Sendable, Equatable {
    var generation: Generation
    var range: ByteRange
    var isFinished: Bool
    var cacheStatus: StreamHead.CacheStatus
}

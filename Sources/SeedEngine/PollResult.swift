import DragonflyIdentity
import HTTPSemantics

/// What a stream is told when it asks for more. What is large and comes once a request at most lies apart, so that the
/// bytes that come again and again are copied as two numbers.
enum PollResult: Sendable, Equatable {
    case wait
    indirect case head(HeadFacts)
    case bytes(ByteRange)
    case end
    case unsatisfiable(length: Int64)
    indirect case origin(OriginAnswer)
    case bypass(BypassReason)
    indirect case failed(EngineError)
    /// The store has no room for the rest, which this stream fetches for itself.
    indirect case direct(Generation)
}

/// What the machine contributes to a `StreamHead`.
struct HeadFacts: Sendable, Equatable {
    var generation: Generation
    var range: ByteRange
    var isFinished: Bool
    var cacheStatus: StreamHead.CacheStatus
}

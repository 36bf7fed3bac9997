import HTTPSemantics
import SeedOrigin
import SeedSupport

/// The head of an answer, and all that the machine decides by when it comes.
struct JudgedHead: Sendable {
    var admission: AnswerAdmission
    /// Those that describe the object.
    var headers: HTTPFields
    /// When the origin made the answer; earlier than now if other caches kept it.
    var madeAt: Timestamp
    /// Whether the same request may be made again if this is an error.
    var retry: TaskMachine.Retry
    /// Bytes that are reserved for the flight.
    var room: Int64 = .max

    /// The body is the object from its first byte to its last.
    var isWhole: Bool {
        if case .whole = admission { true } else { false }
    }
}

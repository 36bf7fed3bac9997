import DragonflyIdentity
import HTTPSemantics
import SeedOrigin

/// Where a stream is; kept by the stream, lent to the machine.
struct Cursor: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        case opening
        case reading(epoch: Int, ByteRange)
        case over
    }

    let id: StreamID
    let spec: RangeSpec?
    var priority = OriginPriority.demand
    /// Its range is the whole object; known from the head on.
    var isWhole = false
    var phase = Phase.opening
}

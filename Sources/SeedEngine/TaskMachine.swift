import DragonflyIdentity
import HTTPTypes
import SeedOrigin
import SeedStorage

/// Everything a task decides: which blocks are here, which flights run, who waits, which generation counts.
///
/// A value: events come in, actions go out, nothing here blocks, allocates a thread or reads a clock. The task's lock
/// is held only around one event; the actions are carried out after it.
struct TaskMachine: Sendable {
    enum Phase: Sendable, Equatable {
        /// The index was not asked yet.
        case cold
        case loading
        /// Neither the index nor, so far, the origin told anything.
        case absent
        /// The first contact is under way.
        case probing
        case known(Generation)
        case shutDown
    }

    /// What is to be done after the lock is given back, in this order.
    enum Action: Sendable, Equatable {
        case load
        case start(FlightOrder)
        /// End a flight at this offset, counted as complete; `nil` cancels it at once.
        case stop(FlightID, at: Int64?)
        case check([BlockCheck], epoch: Int)
        case put(Generation)
        case putPiece(PieceRecord, of: Generation, PieceStore.Urgency)
        /// The generation is gone: its records and its file go too.
        case remove(Generation)
        case wake(StreamID)
    }

    /// A stored block and the checksum it must have.
    struct BlockCheck: Sendable, Equatable {
        var index: BlockIndex
        var checksum: UInt32
    }

    let configuration: EngineConfiguration
    let pieceLength: Int64?
    var phase = Phase.cold
    var blocks: BlockMap?
    var flights: [FlightID: FlightState] = [:]
    var demands: [StreamID: Demand] = [:]
    var streams = 0
    var epoch = 0
    var nextFlight: FlightID = 1
    /// Pieces with blocks that no record tells of yet.
    var dirty: Set<Int> = []
    /// Pieces that clients were given bytes of and that are not complete.
    var touched: Set<Int> = []
    var failures = RetryBudget()
    /// When the generation moved, in milliseconds; a task that keeps moving is relayed instead (rule 6).
    var moves: [Int64] = []

    init(configuration: EngineConfiguration, pieceLength: Int64?) {
        self.configuration = configuration
        self.pieceLength = pieceLength
    }

    /// Nobody reads and nothing flies: the task may be forgotten.
    var isIdle: Bool { streams == 0 && flights.isEmpty && phase != .loading }

    mutating func beginStream() { streams += 1 }

    var generation: Generation? {
        if case .known(let generation) = phase { generation } else { nil }
    }

    /// Rough memory in bytes.
    var memory: Int { 1024 + (blocks?.memory ?? 0) }
}

/// How often a task's flights may fail before its readers are told.
struct RetryBudget: Sendable, Equatable {
    private(set) var failures = 0
    private var progress: Int64 = 0
    private var firstToCount: UInt64 = 0

    /// A block's worth of new bytes forgives the failures before it.
    mutating func wrote(_ count: Int64) {
        guard failures > 0 else { return }
        progress += count
        if progress >= BlockGrid.blockLength { failures = 0 }
    }

    /// Flights that were under way when a failure was counted share its cause and are not counted again.
    /// - Parameter next: the number the next flight will have.
    /// - Returns: true when one more try is allowed.
    mutating func failed(_ flight: UInt64, next: UInt64, limit: Int) -> Bool {
        guard flight >= firstToCount else { return true }
        firstToCount = next
        failures += 1
        progress = 0
        return failures <= limit
    }
}

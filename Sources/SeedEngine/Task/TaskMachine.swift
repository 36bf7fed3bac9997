import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Everything a task decides: which blocks are here, which flights run, who waits, which generation counts.
///
/// A value: events come in, an output goes out, nothing here blocks, allocates a thread or reads a clock. What belongs
/// together is kept by a value of its own with private state; this one makes them play together.
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

    let configuration: EngineConfiguration
    var phase = Phase.cold {
        didSet { current = (generation?.epoch, generation?.counter) }
    }
    /// Of the generation, which is copied for a look at it; these are asked for several times a request.
    private(set) var current: (epoch: Int?, counter: UInt64?)
    /// Of the latest generation.
    var epoch = 0
    var holdings = Holdings()
    /// The index has a record of the generation, or will: from the first piece on. One without a piece would never be
    /// evicted.
    var isRecorded = false
    var fills = Fills()
    var completion = Completion()
    var audience = Audience()
    var revalidation = Revalidation()
    var proof = Proof()
    var identity: FetchIdentity
    /// What may be this object under another key.
    var shared: SharedBytes?
    /// What can't be stored goes straight through for a while, without being asked for twice each time.
    var shortcut: (reason: BypassReason, end: MonotonicTime)?

    /// - Parameter request: the first one for the task.
    init(configuration: EngineConfiguration, _ request: TaskRequest) {
        self.configuration = configuration
        identity = FetchIdentity(request)
    }

    /// Nobody reads, nothing flies, no block is being checked and no piece is about to be punched, of which only this
    /// machine knows: the task may be forgotten.
    var isIdle: Bool {
        !audience.hasStreams && fills.isEmpty && fills.direct.isEmpty && !proof.isHashing && phase != .loading
            && holdings.isAtRest
    }

    /// - Parameter prefetches: its client wants the whole object, in the background.
    mutating func beginStream(prefetches: Bool = false) {
        audience.begin()
        if prefetches { completion.wantAll() }
    }

    var generation: Generation? {
        if case .known(let generation) = phase { generation } else { nil }
    }

    /// Rough memory in bytes.
    var memory: Int { 1024 + holdings.memory }
}

extension TaskMachine {
    /// What an event comes to: the records are handed to the store's queue and the changes told under the task's lock, the
    /// effects are carried out after it was given back; each in this order.
    struct Output: Sendable, Equatable {
        var records: [Record] = []
        var changes: [TaskEvent.Change] = []
        var effects: [Effect] = []
    }

    /// A change of what the index has.
    enum Record: Sendable, Equatable {
        /// - Parameter request: as which the origin is asked.
        case put(Generation, as: TaskRequest)
        case putPiece(PieceRecord, of: Generation, PieceStore.Urgency)
        /// The bytes are another task's.
        case alias(TaskAlias)
        /// The generation is gone: its records and its file go too.
        case remove(Generation)
    }

    enum Effect: Sendable, Equatable {
        case load
        case start(FlightOrder)
        /// End a flight at this offset, counted as complete; `nil` cancels it at once.
        case stop(FlightID, at: Int64?)
        /// Somebody waits for what this flight brings.
        case raise(FlightID, OriginPriority)
        case check([BlockCheck], epoch: Int)
        case wake(StreamID)
        /// Call `resumed` after a random pause of this range.
        case later(ClosedRange<Duration>)
        /// Bytes were fetched that nobody had asked for, or such bytes were read after all.
        case counted(FetchedAhead)
        /// Have a thread hash what of the prefix is ready.
        case hash(epoch: Int)
        /// The whole object was compared with its digest.
        case judged(isMatch: Bool)
    }

    /// Work done ahead, and what of it was of use, in bytes.
    enum FetchedAhead: Sendable, Equatable {
        case fetched(Int64)
        case read(Int64)
    }

    /// A stored block and the checksum it must have.
    struct BlockCheck: Sendable, Equatable {
        var index: BlockIndex
        var checksum: UInt32
    }
}

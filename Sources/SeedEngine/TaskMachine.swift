import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// An old generation whose last readers take what is there of it; nothing is fetched for it any more.
struct Departing: Sendable {
    let epoch: Int
    let blocks: BlockMap
    var readers: Int
    /// It was not proven: a stream that wants all of it gets no bytes from here on.
    let withheldFrom: Int64?

    /// The end of what a reader may have, as `BlockMap.servable`.
    func servable(from offset: Int64, upTo limit: Int64, isWhole: Bool) -> Int64 {
        blocks.servable(from: offset, upTo: isWhole ? min(limit, withheldFrom ?? limit) : limit)
    }
}

/// Everything a task decides: which blocks are here, which flights run, who waits, which generation counts.
///
/// A value: events come in, actions go out, nothing here blocks, allocates a thread or reads a clock. The task's lock
/// is held only around one event; the actions are carried out after it, but records are queued under it.
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
        /// Somebody waits for what this flight brings.
        case raise(FlightID, OriginPriority)
        case check([BlockCheck], epoch: Int)
        case put(Generation)
        case putPiece(PieceRecord, of: Generation, PieceStore.Urgency)
        /// The generation is gone: its records and its file go too.
        case remove(Generation)
        case wake(StreamID)
        /// Call `resumed` after a random pause of this range.
        case later(ClosedRange<Duration>)
        /// Bytes were fetched that nobody had asked for, or such bytes were read after all.
        case counted(Unasked)
        /// Have a thread hash what of the prefix is ready.
        case hash(epoch: Int)
        /// The whole object was compared with its SHA-256.
        case judged(isMatch: Bool)
    }

    /// Work done ahead, and what of it was of use, in bytes.
    enum Unasked: Sendable, Equatable {
        case fetched(Int64)
        case read(Int64)
    }

    /// A stored block and the checksum it must have.
    struct BlockCheck: Sendable, Equatable {
        var index: BlockIndex
        var checksum: UInt32
    }

    let configuration: EngineConfiguration
    let pieceLength: Int64?
    var phase = Phase.cold {
        didSet { (generationEpoch, generationCounter) = (generation?.epoch, generation?.counter) }
    }
    /// Of the generation, which is copied for a look at it; these are asked for several times a request.
    private(set) var generationEpoch: Int?
    private(set) var generationCounter: UInt64?
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
    /// Flights wait for `resumed`: the origin failed a moment ago.
    var isBackingOff = false
    /// Where flights broke off: what goes on from there carries `If-Range` (rule 6).
    var cuts: Set<Int64> = []
    /// When the generation moved; a task that keeps moving is relayed instead (rule 6).
    var moves: [MonotonicTime] = []
    /// As the origin is asked for a known object: as the request that made it known asked, or in nobody's name if that was
    /// in an earlier life (rule 37). Until then the first one.
    var own: TaskRequest
    /// The request that made the generation known, or to which the origin last confirmed it; nil after a load.
    var granted: TaskRequest?
    /// The origin said that the object is gone to a request that counts for all, and has not granted it to another since.
    var isGone = false
    /// Requests that the origin refused one after another, since it last granted one.
    var refused: [TaskRequest] = []
    /// The rule of the latest request.
    var rule = FreshnessRule()
    /// The one request that asks whether the generation still counts.
    var revalidation: FlightID?
    /// The origin answered with another version: nothing new is begun before it was asked again.
    var isDoubted = false
    /// Until then stale bytes are served without asking: the origin was down a moment ago.
    var graceEnd: MonotonicTime?
    /// What can't be stored goes straight through for a while, without being asked for twice each time.
    var shortcut: (reason: BypassReason, end: MonotonicTime)?
    /// Streams that read the current generation.
    var readers = 0
    /// The generation before this one, while streams read it.
    var departing: Departing? {
        didSet { departingEpoch = departing?.epoch }
    }
    /// Likewise.
    private(set) var departingEpoch: Int?
    /// The whole object is wanted, in the background.
    var prefetches = false
    /// The SHA-256 that names the task, according to the latest request.
    var named: Digest?
    /// How far the object was compared with its SHA-256; nil when it has none, or was compared.
    var proof: ObjectDigest?
    /// The end of the bytes that were hashed for `proof`, or are being hashed.
    var hashedTo: Int64 = 0
    /// A hashing thread was called or is at work.
    var isHashing = false

    /// - Parameter request: the first one for the task.
    init(configuration: EngineConfiguration, _ request: TaskRequest) {
        self.configuration = configuration
        pieceLength = request.pieceLength
        own = request
    }

    /// Nobody reads, nothing flies, no block is being checked and no piece is about to be punched, of which only this
    /// machine knows: the task may be forgotten.
    var isIdle: Bool {
        streams == 0 && flights.isEmpty && !isHashing && phase != .loading && blocks?.isAtRest ?? true
    }

    mutating func beginStream(
        _ rule: FreshnessRule = FreshnessRule(), prefetches wantsAll: Bool = false, named digest: Digest? = nil
    ) {
        streams += 1
        self.rule = rule
        named = digest
        prefetches = prefetches || wantsAll
    }

    var generation: Generation? {
        if case .known(let generation) = phase { generation } else { nil }
    }

    /// Rough memory in bytes.
    var memory: Int { 1024 + (blocks?.memory ?? 0) }
}

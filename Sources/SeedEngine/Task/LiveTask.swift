import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What all parts of the engine share. One object: each stream has a reference to it, not a copy.
final class EngineContext: Sendable {
    let store: PieceStore
    let origin: any OriginSource
    let configuration: EngineConfiguration
    let buffers = BufferPool(limit: 64)
    let flights = FlightCount()
    let counters: EngineMetrics
    /// Nil when no memory is to be had (`storage.cacheCapacity` 0).
    let memory: MemoryTier?
    /// Hot blocks on their way into memory: what is queued for them must not pile up.
    let takes: BoundedCount
    let logger: Logger
    /// Is told what is held, if there is one.
    let events: TaskEvent.Receiver?
    let now: @Sendable () -> ClockReading
    /// Calls from a thread of its own after so long.
    let after: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

    init(
        store: PieceStore, origin: any OriginSource, configuration: EngineConfiguration, counters: EngineMetrics,
        memory: MemoryTier? = nil, takes: BoundedCount, logger: Logger, events: TaskEvent.Receiver?,
        now: @escaping @Sendable () -> ClockReading,
        after: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void
    ) {
        self.store = store
        self.origin = origin
        self.configuration = configuration
        self.counters = counters
        self.memory = memory
        self.takes = takes
        self.logger = logger
        self.events = events
        self.now = now
        self.after = after
    }
}

/// A task in memory: the machine behind its lock, and what carries its effects out.
///
/// Lock order: the table's shard, then this lock, then the content file's or the store's queue.
final class LiveTask: Sendable {
    struct State {
        var machine: TaskMachine
        /// The content files by the epoch of the generation they belong to: the current one's, and the one's before it
        /// while it is read.
        var files: [Int: ContentFile] = [:]
        var running: [FlightID: Flight] = [:]
        var wakes: [StreamID: @Sendable () -> Void] = [:]
        /// Of the streams that read past the store.
        var direct: [StreamID: DirectBuffer] = [:]
        var nextStream: StreamID = 1
        var lastUsed: MonotonicTime
        /// The epochs for which there may be files.
        private var kept: (present: Int?, departing: Int?) = (nil, nil)

        init(machine: TaskMachine, lastUsed: MonotonicTime) {
            self.machine = machine
            self.lastUsed = lastUsed
        }

        /// Lets go of files that no stream and no flight can ask for any more.
        mutating func dropFiles() {
            let (present, departing) = (machine.current.epoch, machine.audience.departingEpoch)
            // Looked at after each event, of which nearly all change neither.
            guard kept.present != present || kept.departing != departing else { return }
            kept = (present, departing)
            files = files.filter { $0.key == present || $0.key == departing }
        }
    }

    let key: StoreKey
    let wireID: TaskID
    let context: EngineContext
    /// Of no client.
    let neutral: TaskRequest
    private let state: Lock<State>

    init(_ request: TaskRequest, context: EngineContext) {
        key = request.key
        wireID = request.wireID
        neutral = request.neutral(at: request.url)
        self.context = context
        let machine = TaskMachine(configuration: context.configuration, request)
        state = Lock(State(machine: machine, lastUsed: context.now().monotonic))
    }

    /// Feeds one event to the machine, then carries its effects out with the lock given back.
    ///
    /// Records are handed to the store's queue, and changes to their receiver, under the lock: two threads that gave it back
    /// first could hand theirs over in the wrong order, and the older record of a piece would win.
    @discardableResult
    func handle<R: Sendable>(_ event: (inout State, inout TaskMachine.Output) -> R) -> R {
        let (result, effects) = state.withLock { state in
            var output = TaskMachine.Output()
            let result = event(&state, &output)
            for record in output.records { queue(record) }
            if let receiver = context.events {
                for change in output.changes { receiver(TaskEvent(key: key, change: change)) }
            }
            state.dropFiles()
            return (result, output.effects)
        }
        if !effects.isEmpty { perform(effects) }
        return result
    }

    // MARK: Table

    func beginStream(_ request: TaskRequest) -> StreamID {
        state.withLock { state in
            state.machine.beginStream(prefetches: request.prefetches)
            defer { state.nextStream += 1 }
            return state.nextStream
        }
    }

    /// When the task was last used; `nil` while it is in use.
    var idleSince: MonotonicTime? {
        state.withLock { $0.machine.isIdle && $0.running.isEmpty ? $0.lastUsed : nil }
    }

    /// Called when the task leaves memory.
    func leave() {
        handle { $0.machine.leave(&$1) }
    }

    var memory: Int { state.withLock { $0.machine.memory } }

    func shutDown() {
        handle { $0.machine.shutDown(now: context.now(), &$1) }
    }

    // MARK: Streams

    /// One step of a stream. With bytes comes the lease on them, taken under the same lock as the look at the block
    /// map, so that no block can be dropped in between (rule:published-immutable).
    func poll(
        _ cursor: Cursor, _ request: TaskRequest, limit: Int64, _ source: ExtentSource,
        wake: @escaping @Sendable () -> Void
    ) -> StreamStep {
        handle { state, output in
            var step = StreamStep(cursor: cursor)
            step.result = state.machine.poll(
                &step.cursor, request, limit: limit, source, now: context.now(), &output)
            switch step.result {
            case .wait: state.wakes[cursor.id] = wake
            case .direct:
                state.wakes[cursor.id] = wake
                step.direct = self.direct(for: step.cursor, &state)
            case .bytes:
                if case .reading(let epoch, _) = cursor.phase { step.file = state.files[epoch] }
                step.lease = step.file?.lease()
                if let file = step.file, file.generation == state.machine.current.counter {
                    step.piece = state.machine.piece(of: step.result)
                    step.grid = state.machine.holdings.blocks?.grid
                    step.memory = state.machine.memory(of: step.result)
                }
            default: break
            }
            return step
        }
    }

    private func direct(for cursor: Cursor, _ state: inout State) -> DirectBuffer? {
        guard case .direct(let left) = cursor.phase else { return nil }
        if let known = state.direct[cursor.id] { return known }
        context.counters.directStreams.add(1)
        let buffer = DirectBuffer(from: left.lowerBound)
        state.direct[cursor.id] = buffer
        return buffer
    }

    func close(_ cursor: Cursor) {
        handle { state, output in
            if !state.wakes.isEmpty { state.wakes[cursor.id] = nil }
            if !state.direct.isEmpty { state.direct[cursor.id] = nil }
            state.lastUsed = context.now().monotonic
            state.machine.close(cursor, &output)
        }
    }

    // MARK: Flights

    /// - Parameter room: bytes that are reserved for the flight.
    func flightHead(
        _ id: FlightID, _ head: OriginHead, _ order: FlightOrder, room: Int64
    ) -> TaskMachine.HeadDecision {
        handle { state, output in
            // A revalidation's response may be of another generation.
            let generation =
                order.purpose == .revalidation ? nil : order.direct?.generation ?? state.machine.generation
            let known = generation.map { KnownGeneration(total: $0.length, validator: $0.validator) }
            let now = context.now()
            let judged = JudgedHead(
                admission: ResponseAdmission.judge(head, asked: order.ask, condition: order.condition, known: known),
                headers: head.headers.representation, madeAt: now.wall - .seconds(head.headers.ageInSeconds),
                retry: Retry(head, now: now.wall), room: room)
            return state.machine.head(id, judged, now: now, &output)
        }
    }

    func flightWrote(_ id: FlightID, _ parts: [BlockMap.Fragment], spent: Duration) {
        handle { $0.machine.wrote(id, parts, spent: spent, now: context.now(), &$1) }
    }

    /// Bytes of this range are in the buffer of the stream that the flight is for.
    func flightPassed(_ id: FlightID, _ range: ByteRange) {
        handle { $0.machine.passed(id, range, &$1) }
    }

    func flightEnded(_ id: FlightID, _ outcome: TaskMachine.FlightOutcome) {
        handle { state, output in
            state.running[id] = nil
            state.machine.ended(id, outcome, now: context.now(), &output)
        }
        context.flights.ended()
    }

    /// The content file of a generation, created by its first flight on a store thread; `nil` if the task moved on.
    func content(of epoch: Int) throws(StorageError) -> ContentFile? {
        let (isCurrent, file) = state.withLock { ($0.machine.generation?.epoch == epoch, $0.files[epoch]) }
        guard isCurrent, file == nil else { return file }
        let created = try context.store.createContent(key)
        let isKept = handle { state, output in
            guard state.machine.generation?.epoch == epoch else { return false }
            state.files[epoch] = created
            state.machine.contentCreated(created.generation, &output)
            return true
        }
        if !isKept { context.store.remove(key, generation: created.generation) }
        return isKept ? created : nil
    }

    // MARK: For the effects

    func directBuffer(of id: StreamID) -> DirectBuffer? { state.withLock { $0.direct[id] } }

    func running(_ id: FlightID) -> Flight? { state.withLock { $0.running[id] } }

    func takeWake(_ id: StreamID) -> (@Sendable () -> Void)? { state.withLock { $0.wakes.removeValue(forKey: id) } }

    /// Keeps the flight until its end.
    func register(_ flight: Flight) { state.withLock { $0.running[flight.id] = flight } }

    /// - Parameter elsewhere: what is known of an object without a record.
    func loaded(
        _ record: TaskRecord?, _ pieces: [PieceRecord] = [], _ file: ContentFile? = nil, elsewhere: Elsewhere? = nil
    ) {
        handle { state, output in
            guard let record else { return state.machine.absent(elsewhere, &output) }
            state.machine.loaded(record, pieces, &output)
            guard let file, let epoch = state.machine.generation?.epoch else { return }
            state.files[epoch] = file
        }
    }

    /// A generation's file and grid; `nil` if the task moved on.
    func readable(_ epoch: Int) -> (file: ContentFile, grid: BlockGrid)? {
        state.withLock { state in
            guard state.machine.generation?.epoch == epoch, let file = state.files[epoch],
                let grid = state.machine.holdings.blocks?.grid
            else { return nil }
            return (file, grid)
        }
    }
}

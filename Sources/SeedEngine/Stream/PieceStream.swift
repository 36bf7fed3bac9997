import DragonflyIdentity
import HTTPSemantics
import SeedStorage
package import SeedSupport

/// One client's stream over its range: head, then bytes in order, then the end. Used from one event loop.
package final class PieceStream: Sendable {
    /// What comes next.
    package enum Step: Sendable {
        /// Always first on success: send status and header fields now.
        case head(StreamHead)
        case bytes(Extent)
        /// Nothing now; `wake` will be called.
        case wait
        /// Every byte of the range was handed out.
        case end
        /// Answer 416 with `Content-Range: bytes */length`.
        case unsatisfiable(length: Int64)
        case origin(OriginErrorResponse)
        /// Relay this request straight through. Only before the head.
        case bypass(BypassReason)
        /// Before the head: an error response. After it: the connection must be aborted (rule:abort-is-reset).
        case failed(EngineError)
    }

    /// Where the stream has gone from the task that it began with.
    private final class Detour: Sendable {
        let task: LiveTask
        let request: TaskRequest
        /// Leads to the bytes there; nil: the stream has come back from them.
        let alias: TaskAlias?

        init(_ task: LiveTask, _ request: TaskRequest, _ alias: TaskAlias?) {
            self.task = task
            self.request = request
            self.alias = alias
        }
    }

    private struct State {
        var cursor: Cursor
        var detour: Detour?
        var isClosed = false
        /// These bytes were just read in by a store thread: hand them out even if they have been evicted from the cache
        /// again.
        var warmed: ByteRange?
        /// The last piece of which the store knows that this stream reads it.
        var usedPiece: Int?
        /// Brings the rest when the store has no room for it.
        var direct: DirectBuffer?
    }

    private let request: TaskRequest
    private let task: LiveTask
    private let table: TaskTable
    private let context: EngineContext
    private let wake: @Sendable () -> Void
    /// Uncontended: all calls come from one event loop.
    private let state: Lock<State>

    init(
        _ request: TaskRequest, table: TaskTable, context: EngineContext, wake: @escaping @Sendable () -> Void
    ) {
        self.request = request
        self.table = table
        self.context = context
        self.wake = wake
        let (task, id) = table.beginStream(request)
        self.task = task
        state = Lock(State(cursor: Cursor(id, request)))
    }

    /// The next step, with at most `limit` bytes, from there if they are there. Never blocks.
    package func next(limit: Int, from source: ExtentSource) -> Step {
        state.withLock { next(&$0, limit: Int64(limit), from: source) }
    }

    private func next(_ state: inout State, limit: Int64, from source: ExtentSource) -> Step {
        guard !state.isClosed else { return .end }
        if let bytes = Self.takeDirect(&state) { return bytes }
        let polled = poll(state, limit, source)
        if polled.result.isElsewhere {
            state.cursor = polled.cursor
            guard changesTask(polled.result, &state) else { return step(polled.result, nil) }
            return next(&state, limit: limit, from: source)
        }
        guard case .bytes(let range) = polled.result, let file = polled.file, let lease = polled.lease else {
            state.cursor = polled.cursor
            guard let direct = polled.direct else { return step(polled.result, state.detour) }
            state.direct = direct
            // Bytes that came meanwhile wake nobody.
            return Self.takeDirect(&state) ?? .wait
        }
        let isWarm = state.warmed?.lowerBound == range.lowerBound
        guard let extent = extent(range, file, lease, polled.memory, source, isWarm: isWarm) else {
            // The cursor stays; a loop must not wait for the disk (rule:no-disk-wait-on-loop).
            state.warmed = range
            context.store.threads.run { [wake] in
                file.warm(range)
                wake()
            }
            return .wait
        }
        state.cursor = polled.cursor
        state.warmed = nil
        note(polled.piece, file, &state)
        if let grid = polled.grid, polled.memory == nil, source != .file {
            (state.detour?.task ?? task).takeIntoMemory(range, of: file, grid)
        }
        return .bytes(extent)
    }

    /// Inlined, since a call in between would copy the step: 230 instructions a request.
    @inline(__always)
    private func poll(_ state: State, _ limit: Int64, _ source: ExtentSource) -> StreamStep {
        guard let detour = state.detour else {
            return task.poll(state.cursor, request, limit: limit, source, wake: wake)
        }
        return detour.task.poll(state.cursor, detour.request, limit: limit, source, wake: wake)
    }

    /// Goes to the bytes under another key, once, and back if they can't be had.
    /// - Returns: whether it went.
    private func changesTask(_ result: PollResult, _ state: inout State) -> Bool {
        switch result {
        case .elsewhere(let bytes) where state.detour == nil:
            let request = request.with(.to(generation: bytes.alias.file.generation))
            go(request, of: bytes.owner, bytes.alias, &state)
        case .gone where state.detour?.alias != nil: go(request.with(.refused), of: nil, nil, &state)
        default: return false
        }
        return true
    }

    private func go(_ request: TaskRequest, of owner: TaskRequest?, _ alias: TaskAlias?, _ state: inout State) {
        (state.detour?.task ?? task).close(state.cursor)
        let (task, id) = table.beginStream(request, of: owner)
        state.detour = Detour(task, request, alias)
        state.cursor = Cursor(id, request)
    }

    private static func takeDirect(_ state: inout State) -> Step? {
        guard let bytes = state.direct?.take() else { return nil }
        state.cursor.passed(bytes.count)
        return .bytes(.bytes(bytes))
    }

    /// The store is told once of each piece that this stream reads.
    private func note(_ piece: (number: Int, bytes: Int64)?, _ file: ContentFile, _ state: inout State) {
        guard let piece, piece.number != state.usedPiece else { return }
        state.usedPiece = piece.number
        context.store.used(
            state.detour?.task.key ?? request.key, generation: file.generation, piece: piece.number, bytes: piece.bytes
        )
    }

    /// Nil if the disk would have to be waited for.
    private func extent(
        _ range: ByteRange, _ file: ContentFile, _ lease: Lease, _ memory: Bytes?, _ source: ExtentSource, isWarm: Bool
    ) -> Extent? {
        if source != .file, let memory { return .bytes(memory) }
        if source == .copy, let copy = file.readResident(range) { return .bytes(copy) }
        guard isWarm || file.isResident(range) else { return memory.map(Extent.bytes) }
        return .file(lease.extent(of: range))
    }

    /// The client is done or gone. Idempotent.
    package func close() {
        let open = state.withLock { state -> (detour: Detour?, cursor: Cursor)? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            return (state.detour, state.cursor)
        }
        if let open { (open.detour?.task ?? task).close(open.cursor) }
    }

    private func step(_ result: PollResult, _ detour: Detour?) -> Step {
        switch result {
        case .wait: .wait
        case .head(let facts): .head(StreamHead(facts, request, detour?.alias))
        case .end: .end
        case .unsatisfiable(let length): .unsatisfiable(length: length)
        case .origin(let response): .origin(response)
        case .bypass(let reason): .bypass(reason)
        case .failed(let error): .failed(error)
        case .bytes, .direct, .elsewhere, .gone: .failed(EngineError(.storage, "The object's content file is gone."))
        }
    }
}

extension StreamHead {
    /// - Parameter alias: the bytes are another URL's, the fields are not.
    init(_ facts: HeadFacts, _ request: TaskRequest, _ alias: TaskAlias?) {
        self.init(
            wireID: request.wireID, length: facts.generation.length, range: facts.range,
            isPartial: request.range != nil && !facts.range.isEmpty,
            headers: alias?.headers ?? facts.generation.headers,
            storedAt: alias?.fetchedAt ?? facts.generation.fetchedAt, isFinished: facts.isFinished,
            cacheStatus: facts.cacheStatus)
    }
}

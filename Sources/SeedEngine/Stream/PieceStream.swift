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

    private struct State {
        var cursor: Cursor
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
    private let context: EngineContext
    private let wake: @Sendable () -> Void
    /// Uncontended: all calls come from one event loop.
    private let state: Lock<State>

    init(
        id: StreamID, request: TaskRequest, task: LiveTask, context: EngineContext,
        wake: @escaping @Sendable () -> Void
    ) {
        self.request = request
        self.task = task
        self.context = context
        self.wake = wake
        state = Lock(State(cursor: Cursor(id: id, spec: request.range, priority: request.priority)))
    }

    /// The next step, with at most `limit` bytes, from there if they are there. Never blocks.
    package func next(limit: Int, from source: ExtentSource) -> Step {
        state.withLock { state in
            guard !state.isClosed else { return .end }
            if let bytes = Self.takeDirect(&state) { return bytes }
            let polled = task.poll(state.cursor, request, limit: Int64(limit), source, wake: wake)
            guard case .bytes(let range) = polled.result, let file = polled.file, let lease = polled.lease else {
                state.cursor = polled.cursor
                guard let direct = polled.direct else { return step(polled.result) }
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
                task.takeIntoMemory(range, of: file, grid)
            }
            return .bytes(extent)
        }
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
        context.store.used(request.key, generation: file.generation, piece: piece.number, bytes: piece.bytes)
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
        let cursor = state.withLock { state -> Cursor? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            return state.cursor
        }
        if let cursor { task.close(cursor) }
    }

    private func step(_ result: PollResult) -> Step {
        switch result {
        case .wait: .wait
        case .head(let facts): .head(StreamHead(facts, request))
        case .end: .end
        case .unsatisfiable(let length): .unsatisfiable(length: length)
        case .origin(let response): .origin(response)
        case .bypass(let reason): .bypass(reason)
        case .failed(let error): .failed(error)
        case .bytes, .direct: .failed(EngineError(.storage, "The object's content file is gone."))
        }
    }
}

extension StreamHead {
    init(_ facts: HeadFacts, _ request: TaskRequest) {
        self.init(
            wireID: request.wireID, length: facts.generation.length, range: facts.range,
            isPartial: request.range != nil && !facts.range.isEmpty, headers: facts.generation.headers,
            storedAt: facts.generation.fetchedAt,
            isFinished: facts.isFinished, cacheStatus: facts.cacheStatus)
    }
}

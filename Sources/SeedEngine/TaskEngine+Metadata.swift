import DragonflyIdentity
import HTTPSemantics
import SeedStorage
import SeedSupport

extension TaskEngine {
    /// What an answer with the whole object would say, without its bytes and without asking the origin: for HEAD.
    ///
    /// - Parameter then: Called once, at once or from a store thread; `nil` if the object is not known, or is due to be
    ///   asked for again.
    package func metadata(of request: TaskRequest, then: @escaping @Sendable (StreamHead?) -> Void) {
        switch table.find(request.key)?.metadata(for: request) ?? .unread {
        case .known(let head): then(head)
        case .unknown: then(nil)
        case .unread:
            let isTaken = context.store.threads.run { [context] in then(Self.stored(request, context)) }
            if !isTaken { then(nil) }
        }
    }

    private static func stored(_ request: TaskRequest, _ context: EngineContext) -> StreamHead? {
        guard let record = try? context.store.task(request.key) else { return nil }
        let generation = Generation(epoch: 0, record)
        guard !generation.isStale(now: context.now().wall, rule: request.freshness) else { return nil }
        let pieces = try? context.store.pieces(
            request.key, generation: record.generation, numbers: 0..<generation.layout.pieceCount)
        var map = BlockMap(grid: BlockGrid(generation.layout))
        for piece in pieces ?? [] { map.load(piece) }
        return StreamHead(generation, request, isFinished: map.isFinished)
    }
}

/// What a task in memory can tell without its origin.
enum TaskMetadata {
    case known(StreamHead)
    case unknown
    /// The index was not asked yet.
    case unread
}

extension LiveTask {
    func metadata(for request: TaskRequest) -> TaskMetadata {
        handle { state, _ in
            guard let generation = state.machine.generation else {
                return state.machine.phase == .cold || state.machine.phase == .loading ? .unread : .unknown
            }
            guard !state.machine.isDoubted, !generation.isStale(now: context.now().wall, rule: request.freshness) else {
                return .unknown
            }
            return .known(StreamHead(generation, request, isFinished: state.machine.blocks?.isFinished ?? false))
        }
    }
}

extension StreamHead {
    fileprivate init(_ generation: Generation, _ request: TaskRequest, isFinished: Bool) {
        self.init(
            wireID: request.wireID, length: generation.length, range: ByteRange(0, generation.length), isPartial: false,
            headers: generation.headers, storedAt: generation.fetchedAt, isFinished: isFinished, cacheStatus: .hit)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What streams ask: more bytes, or to be let go.
extension TaskMachine {
    /// Ranges up to this length that are wholly verified are served without a demand: the hot path.
    static let hotLength: Int64 = 2 << 20

    /// The next thing for one stream, at most `limit` bytes of it. After `.wait` the stream is woken once.
    ///
    /// The clock is read for a stream's beginning only.
    /// - Parameter request: the stream's.
    mutating func poll(
        _ cursor: inout Cursor, _ request: TaskRequest, limit: Int64, _ source: ExtentSource,
        now: @autoclosure () -> ClockReading, _ actions: inout [Action]
    ) -> PollResult {
        if let result = demands[cursor.id]?.result { return over(&cursor, result) }
        switch cursor.phase {
        case .over: return .end
        case .opening: return open(&cursor, request, now: now(), &actions)
        case .reading(let epoch, let left) where epoch == generationEpoch:
            return read(&cursor, request, epoch: epoch, left: left, limit: limit, source, &actions)
        case .reading(let epoch, let left): return finish(&cursor, epoch: epoch, left: left, limit: limit)
        }
    }

    /// The client is done or gone. Flights nobody else reads end with their block.
    mutating func close(_ cursor: Cursor, _ actions: inout [Action]) {
        streams -= 1
        forgetDemand(cursor.id)
        leave(cursor)
        leaveProof()
        trimUnread(&actions)
        planCompletion(&actions)
    }

    /// What streams of the hot path never had is not looked for.
    private mutating func forgetDemand(_ id: StreamID) {
        if !demands.isEmpty { demands[id] = nil }
    }

    private mutating func over(_ cursor: inout Cursor, _ result: PollResult) -> PollResult {
        forgetDemand(cursor.id)
        leave(cursor)
        cursor.phase = .over
        return result
    }

    /// Counts the stream out of the generation it reads; an old one goes with its last.
    private mutating func leave(_ cursor: Cursor) {
        guard case .reading(let epoch, _) = cursor.phase else { return }
        if epoch == generationEpoch { return readers -= 1 }
        guard epoch == departingEpoch else { return }
        departing?.readers -= 1
        if departing?.readers == 0 { departing = nil }
    }

    private mutating func open(
        _ cursor: inout Cursor, _ request: TaskRequest, now: ClockReading, _ actions: inout [Action]
    ) -> PollResult {
        if let first = cursor.spec?.first, first >= AnswerAdmission.longestObject {
            return over(&cursor, .bypass(.beyondReach))
        }
        switch phase {
        case .known(let generation) where mustAsk(generation, for: cursor.id, now: now):
            awaitLength(cursor, request)
            revalidate(generation, &actions)
        case .known(let generation): return begin(&cursor, request, generation, now: now, &actions)
        case .shutDown: return over(&cursor, .failed(.shuttingDown))
        case .cold:
            phase = .loading
            actions.append(.load)
            awaitLength(cursor, request)
        case .absent where isUnstable(now: now): return over(&cursor, .bypass(.unstable))
        case .absent:
            if let shortcut, now.monotonic < shortcut.end { return over(&cursor, .bypass(shortcut.reason)) }
            awaitLength(cursor, request)
            probe(&actions)
        case .loading, .probing: awaitLength(cursor, request)
        }
        return .wait
    }

    private mutating func awaitLength(_ cursor: Cursor, _ request: TaskRequest) {
        var demand = demands[cursor.id] ?? Demand(cursor, request, window: configuration.firstWindow)
        demand.isWaiting = true
        demands[cursor.id] = demand
    }

    private mutating func begin(
        _ cursor: inout Cursor, _ request: TaskRequest, _ generation: Generation, now: ClockReading,
        _ actions: inout [Action]
    ) -> PollResult {
        let length = generation.length
        guard let range = cursor.spec.map({ $0.resolve(length: length) }) ?? ByteRange(0, length) else {
            return over(&cursor, .unsatisfiable(length: length))
        }
        cursor.phase = .reading(epoch: generation.epoch, range)
        cursor.isWhole = range.count == length
        readers += 1
        let facts = HeadFacts(
            generation: generation, range: range, isFinished: blocks?.isFinished ?? false,
            cacheStatus: cacheStatus(
                of: range, for: cursor.id, isStale: isInGrace(now) && generation.isStale(now: now.wall, rule: rule)))
        let isHot = range.count <= Self.hotLength && isVerified(range)
        if isHot {
            forgetDemand(cursor.id)
        } else {
            demands[cursor.id] = Demand(cursor, request, wanted: range, window: firstWindow(for: range))
            plan(cursor.id, &actions)
        }
        return .head(facts)
    }

    /// What fits into one span is fetched by one.
    private func firstWindow(for range: ByteRange) -> Int64 {
        range.count <= configuration.spanLength ? configuration.spanLength : configuration.firstWindow
    }

    private func isVerified(_ range: ByteRange) -> Bool {
        blocks?.servable(from: range.lowerBound, upTo: range.upperBound) == range.upperBound
    }

    private func cacheStatus(of range: ByteRange, for id: StreamID, isStale: Bool) -> StreamHead.CacheStatus {
        let leads = demands[id]?.leads
        guard leads != .firstContact, blocks?.holds(range) ?? range.isEmpty else {
            return .miss(collapsed: leads == nil && !flights.isEmpty)
        }
        if isStale { return .stale }
        return leads == .revalidation ? .revalidated : .hit
    }

    private mutating func read(
        _ cursor: inout Cursor, _ request: TaskRequest, epoch: Int, left: ByteRange, limit: Int64,
        _ source: ExtentSource, _ actions: inout [Action]
    ) -> PollResult {
        guard !left.isEmpty else { return over(&cursor, .end) }
        guard let blocks else { return over(&cursor, .failed(.changedWhileReading)) }
        let most = min(left.upperBound, left.lowerBound + limit, cursor.isWhole ? withheldFrom ?? .max : .max)
        var end = blocks.servable(from: left.lowerBound, upTo: most)
        if source != .file {
            // What is in memory goes out block by block.
            let first = blocks.grid.block(at: left.lowerBound)
            if blocks.memory(of: first) != nil { end = min(end, blocks.grid.range(of: first).upperBound) }
        }
        guard end > left.lowerBound else { return starve(cursor, request, left: left, &actions) }
        let given = ByteRange(left.lowerBound, end)
        cursor.phase = .reading(epoch: epoch, ByteRange(end, left.upperBound))
        note(given, &actions)
        if demands[cursor.id] != nil {
            demands[cursor.id]?.wanted = ByteRange(end, left.upperBound)
            plan(cursor.id, &actions)
        }
        return .bytes(given)
    }

    /// What an old generation still has for a stream that began with it (rule 6).
    private mutating func finish(_ cursor: inout Cursor, epoch: Int, left: ByteRange, limit: Int64) -> PollResult {
        guard !left.isEmpty else { return over(&cursor, .end) }
        let most = min(left.upperBound, left.lowerBound + limit)
        guard let old = departing, old.epoch == epoch,
            case let end = old.servable(from: left.lowerBound, upTo: most, isWhole: cursor.isWhole),
            end > left.lowerBound
        else { return over(&cursor, .failed(.changedWhileReading)) }
        cursor.phase = .reading(epoch: epoch, ByteRange(end, left.upperBound))
        return .bytes(ByteRange(left.lowerBound, end))
    }

    private mutating func note(_ given: ByteRange, _ actions: inout [Action]) {
        if let count = blocks?.takeUnasked(given), count > 0 { actions.append(.counted(.read(count))) }
        guard let isFinished = blocks?.isFinished, !isFinished, let layout = generation?.layout else { return }
        blocks?.demanded(given)
        for piece in layout.pieces(covering: given) where blocks?.pieces[piece]?.isComplete != true {
            touched.insert(piece)
        }
    }

    private mutating func starve(
        _ cursor: Cursor, _ request: TaskRequest, left: ByteRange, _ actions: inout [Action]
    ) -> PollResult {
        let fresh = Demand(cursor, request, wanted: left, window: firstWindow(for: left))
        var demand = demands[cursor.id] ?? fresh
        // Bytes that were given out but could not be read yet may be gone again.
        if let wanted = demand.wanted, wanted.lowerBound > left.lowerBound { demand.plannedTo = left.lowerBound }
        demand.wanted = left
        demand.starved(
            at: left.lowerBound, limit: configuration.spanLength * Int64(configuration.concurrentFlights))
        demand.isWaiting = true
        demands[cursor.id] = demand
        if isDoubted, let generation { revalidate(generation, &actions) }
        plan(cursor.id, &actions)
        if demands[cursor.id].map(awaitsProof) ?? false { awaitProof(&actions) }
        return .wait
    }

    // MARK: What comes with bytes

    /// The piece that a stream is given bytes of, and its length.
    func piece(of result: PollResult) -> (number: Int, bytes: Int64)? {
        guard case .bytes(let range) = result, let layout = blocks?.grid.layout,
            range.upperBound <= layout.contentLength
        else { return nil }
        let number = layout.piece(at: range.lowerBound)
        return (number, layout.range(of: number).count)
    }

    /// The bytes of a result that are in memory: all of them, or none.
    func memory(of result: PollResult) -> Bytes? {
        guard case .bytes(let range) = result, let blocks else { return nil }
        let index = blocks.grid.block(at: range.lowerBound)
        let whole = blocks.grid.range(of: index)
        guard whole.contains(range) else { return nil }
        return blocks.memory(of: index)?.slice(at: Int(range.lowerBound - whole.lowerBound), count: Int(range.count))
    }

    /// - Parameter counter: of the file that the bytes were read from; the task may have moved on since.
    mutating func keepInMemory(_ memory: MemoryBlock, of index: BlockIndex, counter: UInt64) {
        guard generationCounter == counter else { return }
        blocks?.keep(memory, of: index)
    }
}

extension RangeSpec {
    /// The first byte asked for, if the range says so.
    fileprivate var first: Int64? {
        switch self {
        case .bounded(let first, _), .from(let first): first
        case .suffix: nil
        }
    }
}

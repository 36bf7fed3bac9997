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
        now: @autoclosure () -> ClockReading, _ output: inout Output
    ) -> PollResult {
        if let result = audience[cursor.id]?.result {
            guard case .direct(let generation) = result else { return over(&cursor, result) }
            return pollDirect(&cursor, of: generation, &output)
        }
        switch cursor.phase {
        case .over, .direct: return .end
        case .opening: return open(&cursor, request, now: now(), &output)
        case .reading(let epoch, let left) where epoch == current.epoch:
            return read(&cursor, request, epoch: epoch, left: left, limit: limit, source, &output)
        case .reading where request.isLed: return over(&cursor, .failed(.changedWhileReading))
        case .reading(let epoch, let left): return finish(&cursor, epoch: epoch, left: left, limit: limit)
        }
    }

    /// The client is done or gone. Flights nobody else reads end with their block.
    mutating func close(_ cursor: Cursor, _ output: inout Output) {
        audience.end()
        audience.forget(cursor.id)
        if case .direct = cursor.phase { fills.cancelDirect(for: cursor.id, &output) }
        audience.leave(cursor, current: current.epoch)
        leaveProof()
        trimUnread(&output)
        planCompletion(&output)
    }

    mutating func over(_ cursor: inout Cursor, _ result: PollResult) -> PollResult {
        audience.forget(cursor.id)
        audience.leave(cursor, current: current.epoch)
        cursor.phase = .over
        return result
    }

    private mutating func open(
        _ cursor: inout Cursor, _ request: TaskRequest, now: ClockReading, _ output: inout Output
    ) -> PollResult {
        if let first = cursor.spec?.first, first >= ResponseAdmission.longestObject {
            return over(&cursor, .bypass(.beyondReach))
        }
        if request.isLed, phase != .cold, phase != .loading, !mayFollow(cursor, request, now: now) {
            return over(&cursor, .gone)
        }
        switch phase {
        case .known(let generation) where mustAsk(generation, for: cursor.id, request.freshness, now: now):
            awaitHead(cursor, request)
            revalidate(generation, &output)
        case .known(let generation): return begin(&cursor, request, generation, now: now, &output)
        case .shutDown: return over(&cursor, .failed(.shuttingDown))
        case .cold:
            phase = .loading
            output.effects.append(.load)
            awaitHead(cursor, request)
        case .absent where revalidation.isUnstable(now: now): return over(&cursor, .bypass(.unstable))
        case .absent where !request.wantsBody: return over(&cursor, Self.unknown(configuration))
        case .absent:
            if let shortcut, now.monotonic < shortcut.end { return over(&cursor, .bypass(shortcut.reason)) }
            awaitHead(cursor, request)
            probe(&output)
        case .loading, .probing: awaitHead(cursor, request)
        }
        return .wait
    }

    private mutating func awaitHead(_ cursor: Cursor, _ request: TaskRequest) {
        audience.awaitHead(cursor, request, window: configuration.firstWindow)
    }

    private mutating func begin(
        _ cursor: inout Cursor, _ request: TaskRequest, _ generation: Generation, now: ClockReading,
        _ output: inout Output
    ) -> PollResult {
        let length = generation.length
        guard let range = cursor.spec.map({ $0.resolve(length: length) }) ?? ByteRange(0, length) else {
            return over(&cursor, .unsatisfiable(length: length))
        }
        let isStale = revalidation.isInGrace(now) && generation.isStale(now: now.wall, rule: request.freshness)
        let facts = HeadFacts(
            generation: generation, range: range, isFinished: holdings.blocks?.isFinished ?? false,
            cacheStatus: cacheStatus(of: range, for: cursor.id, isStale: isStale))
        guard request.wantsBody else { return over(&cursor, .head(facts)) }
        cursor.phase = .reading(epoch: generation.epoch, range)
        cursor.isWhole = range.count == length
        audience.enter()
        let isHot = range.count <= Self.hotLength && isVerified(range)
        if isHot {
            audience.forget(cursor.id)
        } else {
            audience.want(
                Demand(cursor, request, wanted: range, window: firstWindow(for: range)), for: cursor.id)
            plan(cursor.id, &output)
        }
        return .head(facts)
    }

    /// What HEAD of an object is told of which nothing is known: the origin is asked as the client asked
    /// (rule:ask-as-the-client-asked).
    static func unknown(_ configuration: EngineConfiguration) -> PollResult {
        configuration.isBackToSourceDisabled ? .failed(.notHeld) : .bypass(.unknown)
    }

    /// What fits into one span is fetched by one.
    private func firstWindow(for range: ByteRange) -> Int64 {
        range.count <= configuration.spanLength ? configuration.spanLength : configuration.firstWindow
    }

    private func isVerified(_ range: ByteRange) -> Bool {
        holdings.blocks?.servable(from: range.lowerBound, upTo: range.upperBound) == range.upperBound
    }

    private func cacheStatus(of range: ByteRange, for id: StreamID, isStale: Bool) -> StreamHead.CacheStatus {
        let leads = audience[id]?.leads
        guard leads != .firstContact, holdings.blocks?.holds(range) ?? range.isEmpty else {
            return .miss(collapsed: leads == nil && !fills.isEmpty)
        }
        if isStale { return .stale }
        return leads == .revalidation ? .revalidated : .hit
    }

    private mutating func read(
        _ cursor: inout Cursor, _ request: TaskRequest, epoch: Int, left: ByteRange, limit: Int64,
        _ source: ExtentSource, _ output: inout Output
    ) -> PollResult {
        guard !left.isEmpty else { return over(&cursor, .end) }
        guard let blocks = holdings.blocks, !request.isLed || generation.map({ serves(request, $0) }) == true else {
            return over(&cursor, .failed(.changedWhileReading))
        }
        let most = min(left.upperBound, left.lowerBound + limit, cursor.isWhole ? withheldFrom ?? .max : .max)
        var end = blocks.servable(from: left.lowerBound, upTo: most)
        if source != .file {
            // What is in memory goes out block by block.
            let first = blocks.grid.block(at: left.lowerBound)
            if blocks.memory(of: first) != nil { end = min(end, blocks.grid.range(of: first).upperBound) }
        }
        guard end > left.lowerBound else { return starve(cursor, request, left: left, &output) }
        let given = ByteRange(left.lowerBound, end)
        cursor.phase = .reading(epoch: epoch, ByteRange(end, left.upperBound))
        note(given, request, &output)
        if audience[cursor.id] != nil {
            audience.wants(ByteRange(end, left.upperBound), for: cursor.id)
            plan(cursor.id, &output)
        }
        return .bytes(given)
    }

    /// What an old generation still has for a stream that began with it (rule:no-mixed-versions).
    private mutating func finish(_ cursor: inout Cursor, epoch: Int, left: ByteRange, limit: Int64) -> PollResult {
        guard !left.isEmpty else { return over(&cursor, .end) }
        let most = min(left.upperBound, left.lowerBound + limit)
        guard let old = audience.departing, old.epoch == epoch,
            case let end = old.servable(from: left.lowerBound, upTo: most, isWhole: cursor.isWhole),
            end > left.lowerBound
        else { return over(&cursor, .failed(.changedWhileReading)) }
        cursor.phase = .reading(epoch: epoch, ByteRange(end, left.upperBound))
        return .bytes(ByteRange(left.lowerBound, end))
    }

    private mutating func note(_ given: ByteRange, _ request: TaskRequest, _ output: inout Output) {
        let ahead = holdings.given(given)
        if ahead > 0 { output.effects.append(.counted(.read(ahead))) }
        guard let blocks = holdings.blocks, !blocks.isFinished, !request.isLed else { return }
        for piece in blocks.grid.layout.pieces(covering: given) where blocks.pieces[piece]?.isComplete != true {
            completion.touch(piece)
        }
    }

    private mutating func starve(
        _ cursor: Cursor, _ request: TaskRequest, left: ByteRange, _ output: inout Output
    ) -> PollResult {
        let fresh = Demand(cursor, request, wanted: left, window: firstWindow(for: left))
        var demand = audience[cursor.id] ?? fresh
        // Bytes that were given out but could not be read yet may be gone again.
        if let wanted = demand.wanted, wanted.lowerBound > left.lowerBound { demand.plannedTo = left.lowerBound }
        demand.wanted = left
        demand.starved(
            at: left.lowerBound, limit: configuration.spanLength * Int64(configuration.concurrentFlights))
        demand.isWaiting = true
        audience.want(demand, for: cursor.id)
        if revalidation.isDoubted, !request.isLed, let generation { revalidate(generation, &output) }
        plan(cursor.id, &output)
        if audience[cursor.id].map(awaitsProof) ?? false { awaitProof(&output) }
        return .wait
    }

    // MARK: What comes with bytes

    /// The piece that a stream is given bytes of, and its length.
    func piece(of result: PollResult) -> (number: Int, bytes: Int64)? {
        guard case .bytes(let range) = result, let layout = holdings.blocks?.grid.layout,
            range.upperBound <= layout.contentLength
        else { return nil }
        let number = layout.piece(at: range.lowerBound)
        return (number, layout.range(of: number).count)
    }

    /// The bytes of a result that are in memory: all of them, or none.
    func memory(of result: PollResult) -> Bytes? {
        guard case .bytes(let range) = result, let blocks = holdings.blocks else { return nil }
        let index = blocks.grid.block(at: range.lowerBound)
        let whole = blocks.grid.range(of: index)
        guard whole.contains(range) else { return nil }
        return blocks.memory(of: index)?.slice(at: Int(range.lowerBound - whole.lowerBound), count: Int(range.count))
    }

    /// - Parameter counter: of the file that the bytes were read from; the task may have moved on since.
    mutating func keepInMemory(_ memory: MemoryBlock, of index: BlockIndex, counter: UInt64) {
        guard current.counter == counter else { return }
        holdings.keep(memory, of: index)
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

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Which spans are fetched, which blocks are checked, and which flights are no longer worth their bytes.
extension TaskMachine {
    // MARK: First contact

    /// Asks the origin for the wanted bytes of the stream that came first; the answer tells the rest (no separate stat).
    mutating func probe(_ actions: inout [Action]) {
        if configuration.isBackToSourceDisabled { settleOpening(.failed(.notHeld), &actions) }
        guard !isBackingOff else { return }
        guard let leader = demands.filter({ $0.value.result == nil && $0.value.wanted == nil }).keys.min() else {
            phase = .absent
            refused = []
            return
        }
        phase = .probing
        demands[leader]?.leads = .firstContact
        let ask = firstAsk(demands[leader]?.spec)
        let priority = demands[leader]?.priority ?? .demand
        let request = firstRequest(demands[leader]?.request ?? own)
        launch(
            FlightState(purpose: .firstContact, request: request, priority: priority, range: nil, written: 0), ask,
            .none, reserve: configuration.spanLength, &actions)
    }

    /// As the client asks; once another was refused, in nobody's name first, so that all may be told at once that there is
    /// nothing.
    private func firstRequest(_ request: TaskRequest) -> TaskRequest {
        refused.isEmpty || refused.contains(where: \.isNeutral) ? request : request.neutral(at: request.url)
    }

    /// The first request is bounded even when the client's is not, and ends with a block.
    func firstAsk(_ spec: RangeSpec?) -> RangeSpec {
        let window = configuration.firstWindow
        switch spec {
        case nil: return .bounded(first: 0, last: window - 1)
        case .from(let first): return .bounded(first: first, last: min(first, Int64.max - window) + window - 1)
        case .suffix(let count): return .suffix(count)
        case .bounded(let first, let last):
            guard last - first < configuration.spanLength else {
                return .bounded(first: first, last: first + window - 1)
            }
            return .bounded(first: first, last: blockEnd(beyond: last) - 1)
        }
    }

    /// The end of the block that holds `offset`, for an object of unknown length: the default piece lengths are
    /// multiples of a block, a fixed one may not be.
    private func blockEnd(beyond offset: Int64) -> Int64 {
        let piece = pieceLength ?? BlockGrid.blockLength
        guard offset < Int64.max - piece - BlockGrid.blockLength else { return Int64.max }
        let start = offset / piece * piece
        let end = start + (offset - start) / BlockGrid.blockLength * BlockGrid.blockLength + BlockGrid.blockLength
        return min(end, start + piece)
    }

    // MARK: Demand

    mutating func planAll(_ actions: inout [Action]) {
        for id in demands.keys.sorted() { plan(id, &actions) }
        planCompletion(&actions)
    }

    /// What was thought to be under way may not come: plan each stream from where it stands.
    mutating func forgetPlans() {
        for (id, demand) in demands { demands[id]?.plannedTo = demand.wanted?.lowerBound ?? 0 }
    }

    /// Starts flights and checks for what one stream wants next, wanted bytes first.
    mutating func plan(_ id: StreamID, _ actions: inout [Action]) {
        guard let generation, generation.counter != nil || flights.isEmpty, let blocks, let demand = demands[id],
            demand.result == nil,
            let range = demand.horizon(span: configuration.spanLength)
        else { return }
        let end = blocks.grid.range(of: blocks.grid.block(at: range.upperBound - 1)).upperBound
        var checks: [BlockCheck] = []
        var at = range.lowerBound
        // A stretch may run on to its block's end, but none is begun for bytes that nobody wants.
        while at < range.upperBound {
            switch blocks.stretch(at: at, upTo: end) {
            case .verified(let next), .checking(let next): at = next
            case .unchecked(let index, let next):
                checks.append(
                    BlockCheck(index: index, checksum: blocks.pieces[index.piece]?.checksums[index.block] ?? 0))
                at = next
            case .missing(let next):
                if configuration.isBackToSourceDisabled { settle(id, .failed(.notHeld), &actions) }
                guard let resumeAt = fetch(ByteRange(at, next), generation, demand.priority, &actions) else {
                    return finishPlan(id, at, checks, &actions)
                }
                at = resumeAt
            }
        }
        finishPlan(id, at, checks, &actions)
    }

    private mutating func finishPlan(_ id: StreamID, _ at: Int64, _ checks: [BlockCheck], _ actions: inout [Action]) {
        demands[id]?.plannedTo = at
        guard !checks.isEmpty, let generation else { return }
        for check in checks { blocks?.beginChecking(check.index) }
        actions.append(.check(checks, epoch: generation.epoch))
    }

    /// Sees that the start of a missing stretch is being fetched.
    /// - Returns: up to where it is; `nil` when no more flights are allowed now.
    private mutating func fetch(
        _ missing: ByteRange, _ generation: Generation, _ priority: OriginPriority, _ actions: inout [Action]
    ) -> Int64? {
        let pending = flights.values.compactMap(\.claimed)
        if let flight = pending.first(where: { $0.contains(missing.lowerBound) }) {
            overtake(at: missing.lowerBound, priority, &actions)
            return flight.upperBound
        }
        guard mayFetch, !generation.isOneResponse else { return nil }
        // What runs in the background takes no slot from what somebody waits for.
        let isAlone = generation.isSequential || generation.counter == nil
        let running = isAlone ? flights.count : flights.values.count { $0.purpose != .completion }
        guard running < (isAlone ? 1 : configuration.concurrentFlights) else { return nil }
        let next = pending.map(\.lowerBound).filter { $0 > missing.lowerBound }.min() ?? Int64.max
        let span = spanEnd(from: missing.lowerBound, upTo: min(missing.upperBound, next), generation)
        start(.demand, priority, ByteRange(missing.lowerBound, span), generation, &actions)
        return span
    }

    /// Somebody waits for what a flight in the background is to bring. A prefetch may still be queueing: it makes room
    /// for a flight that is urgent. Any other is joined and takes the waiting stream's priority.
    private mutating func overtake(at offset: Int64, _ priority: OriginPriority, _ actions: inout [Action]) {
        for (id, flight) in flights where priority < flight.priority && flight.claimed?.contains(offset) == true {
            if flight.priority == .prefetch, flight.purpose == .completion, flight.progress == 0 {
                flights[id]?.purpose = .demand
                actions.append(.stop(id, at: nil))
            } else {
                flights[id]?.priority = priority
                actions.append(.raise(id, priority))
            }
        }
    }

    private var mayFetch: Bool { !isBackingOff && !isDoubted && !configuration.isBackToSourceDisabled }

    private func spanEnd(from start: Int64, upTo end: Int64, _ generation: Generation) -> Int64 {
        if generation.isSequential, case .missing(let end) = blocks?.stretch(at: start, upTo: generation.length) {
            return end
        }
        guard let grid = blocks?.grid, end - start > configuration.spanLength else { return end }
        let edge = grid.range(of: grid.block(at: start + configuration.spanLength)).lowerBound
        return edge > start ? edge : start + configuration.spanLength
    }

    // MARK: Completion

    /// Fills up in the background when nobody waits for anything: first the heads of half-filled blocks and the pieces
    /// of which a quarter was demanded, then, if prefetching, everything.
    mutating func planCompletion(_ actions: inout [Action]) {
        // Mostly there is nothing to fill up, as long as requests are served out of what is here.
        guard !touched.isEmpty || prefetches, let generation, generation.counter != nil, mayFetch,
            !generation.isOneResponse,
            flights.values.allSatisfy({ $0.purpose == .completion })
        else { return }
        let limit = generation.isSequential ? 1 : prefetches ? max(1, configuration.concurrentFlights / 2) : 1
        while flights.count < limit, let (span, priority) = nextBackgroundSpan() {
            start(.completion, priority, span, generation, &actions)
        }
    }

    private mutating func nextBackgroundSpan() -> (ByteRange, OriginPriority)? {
        guard let generation else { return nil }
        for piece in generation.isSequential ? [] : touched.sorted() {
            if let span = completionSpan(of: piece) { return (span, .completion) }
            touched.remove(piece)
        }
        guard prefetches, let span = firstMissing(in: ByteRange(0, generation.length)) else { return nil }
        return (span, .prefetch)
    }

    private func completionSpan(of piece: Int) -> ByteRange? {
        guard let map = blocks, let blocks = map.pieces[piece], !blocks.isComplete else { return nil }
        for block in 0..<blocks.count where !blocks.held.contains(block) {
            guard blocks.isWorthCompleting || blocks.demanded.contains(block) else { continue }
            let range = map.grid.range(of: BlockIndex(piece: piece, block: block))
            let limit = blocks.isWorthCompleting ? map.grid.layout.range(of: piece).upperBound : range.upperBound
            if let span = firstMissing(in: ByteRange(range.lowerBound, limit)) { return span }
        }
        return nil
    }

    /// The first bytes of a range that are neither here nor on their way, a span at most.
    private func firstMissing(in range: ByteRange) -> ByteRange? {
        guard let blocks else { return nil }
        let pending = flights.values.compactMap(\.claimed)
        var at = range.lowerBound
        while at < range.upperBound {
            if let claimed = pending.first(where: { $0.contains(at) }) {
                at = claimed.upperBound
                continue
            }
            if let end = blocks.completeEnd(at: at) {
                at = end
                continue
            }
            switch blocks.stretch(at: at, upTo: min(range.upperBound, at + longestSpan)) {
            case .verified(let next), .checking(let next), .unchecked(_, let next): at = next
            case .missing(let next):
                let claimed = pending.map(\.lowerBound).filter { $0 > at }.min() ?? Int64.max
                return ByteRange(at, min(next, claimed))
            }
        }
        return nil
    }

    private var longestSpan: Int64 { generation?.isSequential == true ? Int64.max / 2 : configuration.spanLength }

    // MARK: Starting and ending flights

    private mutating func start(
        _ purpose: FlightState.Purpose, _ priority: OriginPriority, _ range: ByteRange, _ generation: Generation,
        _ actions: inout [Action]
    ) {
        let state = FlightState(
            purpose: purpose, request: own, priority: priority, range: range, written: range.lowerBound)
        let isResume = cuts.remove(range.lowerBound) != nil
        launch(
            state, .bounded(first: range.lowerBound, last: range.upperBound - 1),
            isResume ? generation.validator.resumeCondition : generation.validator.spanCondition,
            reserve: range.count, &actions)
    }

    @discardableResult
    mutating func launch(
        _ state: FlightState, _ ask: RangeSpec, _ condition: RequestCondition, reserve: Int64,
        _ actions: inout [Action]
    ) -> FlightID {
        let id = nextFlight
        nextFlight += 1
        flights[id] = state
        actions.append(
            .start(
                FlightOrder(
                    id: id, request: state.request, ask: ask, purpose: state.purpose, condition: condition,
                    reserve: reserve, priority: state.priority)))
        return id
    }

    /// Flights that no stream needs end with the block they are in, or with the piece if that is worth completing.
    mutating func trimUnread(_ actions: inout [Action]) {
        guard !flights.isEmpty else { return }
        for (id, flight) in flights.sorted(by: { $0.key < $1.key }) where !isWanted(flight) {
            guard let pending = flight.pending, generation?.isOneResponse != true else {
                // Half of a single response is of no use: what is missing may never come from another (rule 5).
                if flight.range == nil || flight.pending != nil { actions.append(.stop(id, at: nil)) }
                continue
            }
            let end = worthwhileEnd(of: pending)
            guard end < pending.upperBound, let range = flight.range else { continue }
            flights[id]?.range = ByteRange(range.lowerBound, end)
            flights[id]?.claimedEnd = flight.claimedEnd ?? range.upperBound
            // Where ranges are ignored it may still be skipping the bytes before, for nobody.
            let isSkipping = generation?.isSequential == true && end == pending.lowerBound
            actions.append(.stop(id, at: isSkipping ? nil : end))
        }
    }

    private func isWanted(_ flight: FlightState) -> Bool {
        if flight.purpose == .completion { return true }
        if flight.purpose == .revalidation, isDoubted { return !demands.isEmpty }
        guard let range = flight.range else { return demands.values.contains { $0.wanted == nil && $0.result == nil } }
        guard let pending = flight.pending else { return true }
        // A first contact's head may be out before its readers polled for theirs.
        let isAwaited = demands.values.contains { $0.wanted?.overlaps(pending) ?? ($0.result == nil) }
        return isAwaited || (generation?.isSequential == true && waits(at: range))
    }

    private func waits(at range: ByteRange) -> Bool {
        demands.values.contains { $0.wanted.map { $0.upperBound > range.lowerBound } ?? true }
    }

    private func worthwhileEnd(of pending: ByteRange) -> Int64 {
        guard let blocks, pending.count > BlockGrid.blockLength else { return pending.upperBound }
        let index = blocks.grid.block(at: pending.lowerBound)
        if blocks.pieces[index.piece]?.isWorthCompleting == true {
            return min(pending.upperBound, blocks.grid.layout.range(of: index.piece).upperBound)
        }
        let block = blocks.grid.range(of: index)
        return block.lowerBound == pending.lowerBound ? pending.lowerBound : min(block.upperBound, pending.upperBound)
    }
}

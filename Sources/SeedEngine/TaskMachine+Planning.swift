import DragonflyIdentity
import SeedOrigin
import SeedStorage

/// Which spans are fetched, which blocks are checked, and which flights are no longer worth their bytes.
extension TaskMachine {
    // MARK: First contact

    /// Asks the origin for the wanted bytes of the stream that came first; the answer tells the rest (no separate stat).
    mutating func probe(_ actions: inout [Action]) {
        guard let leader = demands.filter({ $0.value.verdict == nil && $0.value.wanted == nil }).keys.min() else {
            phase = .absent
            return
        }
        phase = .probing
        demands[leader]?.isLeader = true
        let ask = firstAsk(demands[leader]?.spec)
        launch(
            FlightState(purpose: .firstContact, range: nil, written: 0), ask, reserve: configuration.spanLength,
            &actions)
    }

    /// The first request is bounded even when the client's is not, and ends with a block.
    private func firstAsk(_ spec: RangeSpec?) -> RangeSpec {
        let span = configuration.spanLength
        switch spec {
        case nil: return .bounded(first: 0, last: span - 1)
        case .from(let first): return .bounded(first: first, last: min(first, Int64.max - span) + span - 1)
        case .suffix(let count): return .suffix(count)
        case .bounded(let first, let last):
            guard last - first < span else { return .bounded(first: first, last: first + span - 1) }
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
        guard let generation, generation.file != nil, let blocks, demands[id]?.verdict == nil,
            let range = demands[id]?.horizon(span: configuration.spanLength)
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
                guard let resumeAt = fetch(ByteRange(at, next), generation, &actions) else {
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
    private mutating func fetch(_ missing: ByteRange, _ generation: Generation, _ actions: inout [Action]) -> Int64? {
        let pending = flights.values.compactMap(\.claimed)
        if let flight = pending.first(where: { $0.contains(missing.lowerBound) }) { return flight.upperBound }
        guard !generation.isOneResponse else { return nil }
        guard flights.count < (generation.isSequential ? 1 : configuration.concurrentFlights) else { return nil }
        let next = pending.map(\.lowerBound).filter { $0 > missing.lowerBound }.min() ?? Int64.max
        let span = spanEnd(from: missing.lowerBound, upTo: min(missing.upperBound, next), generation)
        start(.demand, ByteRange(missing.lowerBound, span), generation, &actions)
        return span
    }

    private func spanEnd(from start: Int64, upTo end: Int64, _ generation: Generation) -> Int64 {
        if generation.isSequential, case .missing(let end) = blocks?.stretch(at: start, upTo: generation.length) {
            return end
        }
        guard let grid = blocks?.grid, end - start > configuration.spanLength else { return end }
        let edge = grid.range(of: grid.block(at: start + configuration.spanLength)).lowerBound
        return edge > start ? edge : start + configuration.spanLength
    }

    // MARK: Completion

    /// Fills up what was touched when nothing else is to be done: the heads of half-filled blocks, and pieces of which
    /// a quarter was demanded.
    mutating func planCompletion(_ actions: inout [Action]) {
        guard let generation, generation.file != nil, flights.isEmpty, !generation.isSequential,
            !generation.isOneResponse
        else { return }
        for piece in touched.sorted() {
            guard let span = completionSpan(of: piece) else {
                touched.remove(piece)
                continue
            }
            start(.completion, span, generation, &actions)
            return
        }
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

    private func firstMissing(in range: ByteRange) -> ByteRange? {
        guard let blocks else { return nil }
        var at = range.lowerBound
        while at < range.upperBound {
            switch blocks.stretch(at: at, upTo: range.upperBound) {
            case .verified(let next), .checking(let next), .unchecked(_, let next): at = next
            case .missing(let next): return ByteRange(at, min(next, at + configuration.spanLength))
            }
        }
        return nil
    }

    // MARK: Starting and ending flights

    private mutating func start(
        _ purpose: FlightState.Purpose, _ range: ByteRange, _ generation: Generation, _ actions: inout [Action]
    ) {
        let state = FlightState(purpose: purpose, range: range, written: range.lowerBound)
        launch(state, .bounded(first: range.lowerBound, last: range.upperBound - 1), reserve: range.count, &actions)
    }

    private mutating func launch(
        _ state: FlightState, _ ask: RangeSpec, reserve: Int64, _ actions: inout [Action]
    ) {
        let id = nextFlight
        nextFlight += 1
        flights[id] = state
        let validator = generation?.validator ?? .none
        let isCompletion = state.purpose == .completion
        actions.append(
            .start(
                FlightOrder(
                    id: id, ask: ask, validator: validator, reserve: reserve, isCompletion: isCompletion)))
    }

    /// Flights that no stream needs end with the block they are in, or with the piece if that is worth completing.
    mutating func trimUnread(_ actions: inout [Action]) {
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
            actions.append(.stop(id, at: end))
        }
    }

    private func isWanted(_ flight: FlightState) -> Bool {
        if flight.purpose == .completion { return true }
        guard let range = flight.range else { return demands.values.contains { $0.wanted == nil && $0.verdict == nil } }
        guard let pending = flight.pending else { return true }
        // A first contact's head may be out before its readers polled for theirs.
        let isAwaited = demands.values.contains { $0.wanted?.overlaps(pending) ?? ($0.verdict == nil) }
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

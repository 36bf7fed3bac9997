import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Which spans are fetched, which blocks are checked, and which flights are no longer worth their bytes.
extension TaskMachine {
    // MARK: First contact

    /// Asks the origin for the wanted bytes of the stream that came first; the response tells the rest (no separate
    /// stat).
    mutating func probe(_ output: inout Output) {
        for (id, demand) in audience.inOrder where demand.isOpening {
            if demand.request.isLed {
                settle(id, .gone, &output)
            } else if !demand.request.wantsBody {
                settle(id, Self.unknown(configuration), &output)
            }
        }
        if configuration.isBackToSourceDisabled { audience.settleOpening(.failed(.notHeld), &output) }
        guard !fills.isBackingOff else { return }
        guard let leader = audience.leader, let demand = audience[leader] else {
            phase = .absent
            return identity.forgetRefusals()
        }
        phase = .probing
        audience.leads(leader, .firstContact)
        let flight = FlightState(
            purpose: .firstContact, request: identity.firstContact(for: demand.request), priority: demand.priority,
            range: nil, written: 0)
        _ = fills.launch(flight, firstAsk(demand), .none, reserve: configuration.spanLength, &output)
    }

    /// What the origin is asked for this stream before anything else is known, or known to count still.
    func firstAsk(_ demand: Demand) -> RangeSpec {
        demand.request.wantsBody ? firstAsk(demand.spec) : .bounded(first: 0, last: blockEnd(beyond: 0) - 1)
    }

    /// The first request is bounded even when the client's is not, and ends with a block.
    private func firstAsk(_ spec: RangeSpec?) -> RangeSpec {
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
        let piece = identity.own.pieceLength ?? BlockGrid.blockLength
        guard offset < Int64.max - piece - BlockGrid.blockLength else { return Int64.max }
        let start = offset / piece * piece
        let end = start + (offset - start) / BlockGrid.blockLength * BlockGrid.blockLength + BlockGrid.blockLength
        return min(end, start + piece)
    }

    // MARK: Demand

    mutating func planAll(_ output: inout Output) {
        for id in audience.demands.keys.sorted() {
            plan(id, &output)
            planDirect(id, &output)
        }
        planCompletion(&output)
    }

    /// Starts flights and checks for what one stream wants next, wanted bytes first.
    mutating func plan(_ id: StreamID, _ output: inout Output) {
        guard let generation, generation.counter != nil || fills.isEmpty, let blocks = holdings.blocks,
            let demand = audience[id],
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
            case .missing where demand.request.isLed:
                // Damaged since it began.
                settle(id, .failed(.changedWhileReading), &output)
                return finishPlan(id, at, checks, &output)
            case .missing(let next):
                if configuration.isBackToSourceDisabled { settle(id, .failed(.notHeld), &output) }
                guard let resumeAt = fetch(ByteRange(at, next), generation, demand.priority, &output) else {
                    return finishPlan(id, at, checks, &output)
                }
                at = resumeAt
            }
        }
        finishPlan(id, at, checks, &output)
    }

    private mutating func finishPlan(_ id: StreamID, _ at: Int64, _ checks: [BlockCheck], _ output: inout Output) {
        audience.planned(id, to: at)
        guard !checks.isEmpty, let generation else { return }
        for check in checks { holdings.beginChecking(check.index) }
        output.effects.append(.check(checks, epoch: generation.epoch))
    }

    var mayFetch: Bool {
        !fills.isBackingOff && !revalidation.isDoubted && !configuration.isBackToSourceDisabled
    }

    func spanEnd(from start: Int64, upTo end: Int64, _ generation: Generation) -> Int64 {
        if generation.isSequential,
            case .missing(let end) = holdings.blocks?.stretch(at: start, upTo: generation.length)
        {
            return end
        }
        guard let grid = holdings.blocks?.grid, end - start > configuration.spanLength else { return end }
        let edge = grid.range(of: grid.block(at: start + configuration.spanLength)).lowerBound
        return edge > start ? edge : start + configuration.spanLength
    }

    // MARK: Completion

    /// Fills up in the background when nobody waits for anything.
    mutating func planCompletion(_ output: inout Output) {
        // Mostly there is nothing to fill up, as long as requests are served out of what is here.
        guard completion.isWanted, let generation, generation.counter != nil, mayFetch,
            !generation.isOneResponse, fills.areAllInBackground, let blocks = holdings.blocks
        else { return }
        let isAlone = generation.isSequential || !completion.wantsAll
        let limit = isAlone ? 1 : max(1, configuration.concurrentFlights / 2)
        let longest = generation.isSequential ? nil : configuration.spanLength
        while fills.flights.count < limit,
            let (span, priority) = completion.next(in: blocks, claimed: fills.claims, longest: longest)
        {
            start(.completion, priority, span, generation, &output)
        }
    }

    // MARK: Starting and ending flights

    mutating func start(
        _ purpose: FlightState.Purpose, _ priority: OriginPriority, _ range: ByteRange, _ generation: Generation,
        _ output: inout Output
    ) {
        let flight = FlightState(
            purpose: purpose, request: requestOfSpans, priority: priority, range: range, written: range.lowerBound)
        fills.launch(span: flight, of: generation, &output)
    }

    /// As which request spans are fetched: as the one that made the object known. If that proved a right, only while a reader
    /// with the same right is present (rule:originating-request).
    var requestOfSpans: TaskRequest {
        let own = identity.own
        guard !own.credential.isAnonymous,
            !audience.unsettled.contains(where: { $0.demand.request.credential == own.credential })
        else { return own }
        return audience.unsettled.first { !$0.demand.request.isLed }?.demand.request ?? own.neutral(at: own.url)
    }

    /// Flights that no stream needs end with the block they are in, or with the piece if that is worth completing.
    mutating func trimUnread(_ output: inout Output) {
        guard !fills.isEmpty else { return }
        for (id, flight) in fills.flights.sorted(by: { $0.key < $1.key }) where !isWanted(flight) {
            guard let pending = flight.pending, generation?.isOneResponse != true else {
                // Half of a single response is of no use: what is missing may never come from another
                // (rule:version-validator).
                if flight.range == nil || flight.pending != nil { output.effects.append(.stop(id, at: nil)) }
                continue
            }
            let end = worthwhileEnd(of: pending)
            guard end < pending.upperBound else { continue }
            let isSkipping = generation?.isSequential == true && end == pending.lowerBound
            fills.trim(id, to: end, isSkipping: isSkipping, &output)
        }
    }

    private func isWanted(_ flight: FlightState) -> Bool {
        if flight.purpose == .completion { return true }
        if flight.purpose == .revalidation, revalidation.isDoubted { return !audience.demands.isEmpty }
        guard let range = flight.range else { return audience.hasOpening }
        guard let pending = flight.pending else { return true }
        // A first contact's head may be out before its readers polled for theirs.
        let isAwaited = audience.demands.values.contains { $0.result == nil && $0.wanted?.overlaps(pending) ?? true }
        return isAwaited || (generation?.isSequential == true && waits(at: range))
    }

    private func waits(at range: ByteRange) -> Bool {
        audience.demands.values.contains {
            $0.result == nil && $0.wanted.map { $0.upperBound > range.lowerBound } ?? true
        }
    }

    private func worthwhileEnd(of pending: ByteRange) -> Int64 {
        guard let blocks = holdings.blocks, pending.count > BlockGrid.blockLength else { return pending.upperBound }
        let index = blocks.grid.block(at: pending.lowerBound)
        if blocks.pieces[index.piece]?.isWorthCompleting == true {
            return min(pending.upperBound, blocks.grid.layout.range(of: index.piece).upperBound)
        }
        let block = blocks.grid.range(of: index)
        return block.lowerBound == pending.lowerBound ? pending.lowerBound : min(block.upperBound, pending.upperBound)
    }
}

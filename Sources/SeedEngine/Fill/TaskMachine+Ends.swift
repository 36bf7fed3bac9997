import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What the end of a flight means: go on, try again, or give a generation up.
extension TaskMachine {
    mutating func ended(_ id: FlightID, _ outcome: FlightOutcome, now: ClockReading, _ output: inout Output) {
        if let flight = fills.removeDirect(id) { return endDirect(id, flight, outcome, now: now, &output) }
        guard let flight = fills.remove(id) else { return }
        record(isFlightOver: true, now: now, &output)
        if flight.purpose == .revalidation {
            endRevalidation(id, flight.request, outcome, now: now, &output)
        } else if phase == .probing, flight.range == nil {
            endFirstContact(id, flight.request, outcome, now: now, &output)
        } else {
            endSpan(id, flight, outcome, now: now, &output)
        }
        planAll(&output)
    }

    /// The pause after a failure is over.
    mutating func resumed(_ output: inout Output) {
        fills.resumed()
        switch phase {
        case .absent: probe(&output)
        case .known(let generation) where revalidation.isDoubted: revalidate(generation, &output)
        case .known: audience.wakeOpening(isAnswered: false, &output)
        case .cold, .loading, .probing, .shutDown: break
        }
        planAll(&output)
    }

    // MARK: First contact

    private mutating func endFirstContact(
        _ id: FlightID, _ request: TaskRequest, _ outcome: FlightOutcome, now: ClockReading, _ output: inout Output
    ) {
        phase = .absent
        switch outcome {
        case .cancelled: break
        case .complete, .changed: fail(.shortResponse, &output)
        case .refused(let status): refuseRange(status, &output)
        case .errorResponse(let response) where response.isRefusal:
            audience.settleOpening(response, refusing: request, &output)
            // The next is asked for in nobody's name, then as its own client asks.
            if !identity.noteRefusal(of: request) { audience.settleOpening(.bypass(.refusedOthers), &output) }
        case .errorResponse(let response):
            if !fills.tryAgain(id, response.retry(now: now.wall), now: now, configuration, &output) {
                output.changes.append(.failed(.status(response.status)))
                audience.settleOpening(.origin(response), &output)
            }
        case .elsewhere(let bytes):
            output.records.append(.alias(bytes.alias))
            return lead(to: bytes, &output)
        case .bypass(let reason):
            if reason.isLasting { shortcut = (reason, now.monotonic + .seconds(60)) }
            audience.settleOpening(.bypass(reason), &output)
        case .unsatisfiable(let length): settleUnsatisfiable(length, &output)
        case .failed(let error, let retry):
            if !fills.tryAgain(id, retry, now: now, configuration, &output) { fail(error, &output) }
        }
        probe(&output)
    }

    /// What those wait for who were told nothing yet can't be had.
    mutating func fail(_ error: EngineError, _ output: inout Output) {
        output.changes.append(.failed(error))
        audience.settleOpening(.failed(error), &output)
    }

    /// Only the ranges that the length rules out are told so; the others ask again with their own range.
    private mutating func settleUnsatisfiable(_ length: Int64, _ output: inout Output) {
        for (id, demand) in audience.inOrder where demand.wanted == nil {
            if length == 0 || demand.spec == nil {
                let isAllOrTail = demand.spec == nil || demand.isSuffix
                settle(id, isAllOrTail ? .bypass(.emptyObject) : .unsatisfiable(length: 0), &output)
            } else if demand.spec?.resolve(length: length) == nil {
                settle(id, .unsatisfiable(length: length), &output)
            } else if demand.leads != nil {
                settle(id, .failed(.status(416)), &output)
            }
        }
    }

    // MARK: Spans

    private mutating func endSpan(
        _ id: FlightID, _ flight: FlightState, _ outcome: FlightOutcome, now: ClockReading, _ output: inout Output
    ) {
        audience.forgetPlans()
        if outcome != .changed, isBeyondRepair {
            return discard(readersSee: outcome.error, isUnchanged: outcome.isForRoom, now: now, &output)
        }
        switch outcome {
        case .changed, .unsatisfiable, .errorResponse, .elsewhere: doubtGeneration(now: now, &output)
        case .bypass: failSpan(id, flight, .noRoom, .never, isForRoom: true, now: now, &output)
        case .complete where flight.endedEarly:
            failSpan(id, flight, .shortResponse, .later, isForRoom: false, now: now, &output)
        case .complete: fills.succeeded()
        case .cancelled: break
        case .refused(let status): refuseSpan(flight, status, &output)
        case .failed(let error, let retry):
            failSpan(id, flight, error, retry, isForRoom: error.kind == .storage, now: now, &output)
        }
    }

    /// No further flight can help this generation: it consists of one response, and that did not bring all.
    private var isBeyondRepair: Bool {
        generation?.isOneResponse == true && holdings.blocks?.isFinished != true
    }

    private mutating func failSpan(
        _ id: FlightID, _ flight: FlightState, _ error: EngineError, _ retry: Retry, isForRoom: Bool, now: ClockReading,
        _ output: inout Output
    ) {
        if flight.purpose == .completion { return completion.stop() }
        if retry != .never, let cut = flight.pending?.lowerBound {
            fills.brokeOff(at: cut)
            // It brought bytes, so the origin is well: go on at once.
            if flight.progress >= BlockGrid.blockLength { return }
        }
        if fills.tryAgain(id, retry, now: now, configuration, &output) { return }
        if !isForRoom { output.changes.append(.failed(error)) }
        for (id, demand) in audience.inOrder {
            guard let wanted = demand.wanted, let pending = flight.pending, wanted.overlaps(pending) else { continue }
            settle(id, isForRoom ? generation.map(PollResult.direct) ?? .failed(error) : .failed(error), &output)
        }
    }

    // MARK: Refusals

    /// A refusal goes to the streams with equal requests (rule:originating-request). If others wait for these bytes, the
    /// first of their requests is used from then on; after too many refusals each fetches the rest for itself.
    private mutating func refuseSpan(_ flight: FlightState, _ status: Int, _ output: inout Output) {
        if flight.purpose == .completion { return completion.stop() }
        // No stream waits for what was trimmed to nothing.
        guard let pending = flight.pending, let generation else { return }
        let isForHash = audience[Self.hashStream]?.wanted?.overlaps(pending) == true
        let waiting = audience.unsettled.filter { _, demand in
            demand.wanted?.overlaps(pending) == true || isForHash && awaitsProof(demand)
        }
        // Not the own one any more: another span was refused before this one.
        let isOwn = flight.request.asksAlike(requestOfSpans)
        let heir = isOwn ? identity.heir(of: flight.request, among: waiting.map(\.demand.request)) : identity.own
        for (id, demand) in waiting {
            if demand.request.asksAlike(flight.request) || heir == nil && awaitsProof(demand) {
                settle(id, .failed(.status(status)), &output)
            } else if heir == nil {
                settle(id, .direct(generation), &output)
            }
        }
        guard let heir else { return settle(Self.hashStream, .failed(.status(status)), &output) }
        identity.askAs(heir)
    }

    /// Those who ask for the same range as was refused.
    private mutating func refuseRange(_ status: Int, _ output: inout Output) {
        let refused = Set(audience.demands.values.lazy.filter { $0.leads != nil && $0.wanted == nil }.map(\.spec))
        for (id, demand) in audience.inOrder
        where demand.wanted == nil && refused.contains(demand.spec) {
            settle(id, .failed(.status(status)), &output)
        }
    }

    // MARK: Generations

    /// A response of another version came. Whether ours still counts is asked before anything else is.
    private mutating func doubtGeneration(now: ClockReading, _ output: inout Output) {
        guard let generation else { return }
        guard generation.validator != .none else { return move(now: now, &output) }
        revalidation.doubt()
        revalidate(generation, &output)
    }

    /// The origin has another generation: nothing of this one is served to new requests.
    mutating func move(now: ClockReading, _ output: inout Output) {
        revalidation.noteMove(now: now)
        discard(readersSee: .changedWhileReading, now: now, &output)
    }

    /// Gives the generation up; streams that still open start anew.
    /// - Parameter isUnchanged: the origin has these bytes still, but they can't be kept.
    mutating func discard(
        readersSee error: EngineError, isUnchanged: Bool = false, now: ClockReading, _ output: inout Output
    ) {
        abandon(readersSee: error, isUnchanged: isUnchanged, &output)
        if revalidation.isUnstable(now: now) { audience.settleOpening(.bypass(.unstable), &output) }
        probe(&output)
    }

    /// Gives the generation up. Streams whose head is out end with what is there of it, or fail
    /// (rule:no-mixed-versions); if it is unchanged, they fetch the rest for themselves.
    mutating func abandon(
        readersSee error: EngineError, isUnchanged: Bool = false, _ output: inout Output
    ) {
        let old = generation
        retire(&output)
        fills.cancelAll(&output)
        revalidation.abandoned()
        identity.forgetGrant()
        completion.forgetPieces()
        endProof()
        phase = .absent
        for (id, demand) in audience.inOrder {
            // One that reads past the store goes on with the generation that it has.
            if case .direct = demand.result { continue }
            guard let wanted = demand.wanted else { continue }
            if isUnchanged, let old, !old.isOneResponse {
                settle(id, .direct(old), &output)
            } else if audience.departing?.servable(
                from: wanted.lowerBound, upTo: wanted.upperBound, isWhole: demand.isWhole) == wanted.upperBound
            {
                audience.wake(id, &output)
                audience.forget(id)
            } else {
                settle(id, .failed(error), &output)
            }
        }
    }

    /// Keeps the blocks for the streams that read them; their file stays until the last is done.
    private mutating func retire(_ output: inout Output) {
        audience.retire(epoch: generation?.epoch, holdings.blocks, withheldFrom: withheldFrom)
        if let generation, let counter = generation.counter {
            output.records.append(.remove(generation))
            output.changes.append(.left(generation: counter))
        }
        holdings.end()
    }

    /// Ends everything; nothing starts any more.
    mutating func shutDown(now: ClockReading, _ output: inout Output) {
        record(isFlightOver: true, now: now, &output)
        fills.cancelAll(&output)
        fills.cancelAllDirect(&output)
        leave(&output)
        phase = .shutDown
        for id in audience.demands.keys.sorted() {
            settle(id, .failed(.shuttingDown), &output)
            audience.overrule(id, .failed(.shuttingDown), &output)
        }
    }
}

extension OriginErrorResponse {
    fileprivate func retry(now: Timestamp) -> Retry {
        Retry(OriginHead(status: status, headers: headers), now: now)
    }
}

extension TaskMachine.FlightOutcome {
    /// What readers are told whom this end leaves without their bytes.
    fileprivate var error: EngineError {
        switch self {
        case .failed(let error, _): error
        case .refused(let status): .status(status)
        case .bypass: .noRoom
        case .complete, .cancelled, .errorResponse, .unsatisfiable, .changed, .elsewhere: .shortResponse
        }
    }

    /// Whether only the store stood in the way.
    fileprivate var isForRoom: Bool {
        switch self {
        case .bypass(.noRoom): true
        case .failed(let error, _): error.kind == .storage
        default: false
        }
    }
}

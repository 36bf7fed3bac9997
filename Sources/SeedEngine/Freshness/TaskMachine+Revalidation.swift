import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Whether a known generation still counts: asked once for all who wait, by a conditional request that brings the
/// wanted bytes along if the response is no (rule:no-mixed-versions, rule:revalidation).
extension TaskMachine {
    /// Whether this stream must wait for the origin's word.
    func mustAsk(_ generation: Generation, for id: StreamID, _ rule: FreshnessRule, now: ClockReading) -> Bool {
        if revalidation.isDoubted { return true }
        guard !configuration.isBackToSourceDisabled, audience[id]?.isAnswered != true else { return false }
        return generation.isStale(now: now.wall, rule: rule) && !revalidation.isInGrace(now)
    }

    /// Asks, unless that is under way.
    mutating func revalidate(_ generation: Generation, _ output: inout Output) {
        guard !revalidation.isRunning, !fills.isBackingOff else { return }
        let condition = generation.validator.revalidationCondition
        guard condition != .none else {
            // Nothing names these bytes, so nothing can confirm them. Who reads them as they come keeps them.
            if audience.hasReaders, holdings.blocks?.isFinished != true {
                return audience.settleOpening(.bypass(.noValidator), &output)
            }
            abandon(readersSee: .changedWhileReading, &output)
            return probe(&output)
        }
        let leader = audience.leader
        if let leader { audience.leads(leader, .revalidation) }
        let demand = leader.flatMap { audience[$0] }
        let isWithin = demand?.spec.map { $0.resolve(length: generation.length) != nil } ?? true
        let ask = demand.flatMap { isWithin ? firstAsk($0) : nil } ?? .bounded(first: 0, last: 0)
        let flight = FlightState(
            purpose: .revalidation, request: identity.own, priority: .demand, range: nil, written: 0)
        revalidation.began(fills.launch(flight, ask, condition, reserve: 0, &output))
    }

    // MARK: Responses

    /// The response to the conditional request. One of another generation becomes the first contact with that.
    mutating func revalidated(
        _ id: FlightID, _ head: JudgedHead, now: ClockReading, _ output: inout Output
    ) -> HeadDecision {
        guard let generation, let flight = fills[id] else { return .reject(.cancelled) }
        switch head.admission {
        case .notModified where generation.validator.isContradicted(by: head.headers[content: .eTag]):
            return .reject(.changed)
        case .notModified: confirm(generation, head, to: flight.request, now: now, &output)
        case .part(_, let total, let validator)
        where total == generation.length && validator == generation.validator:
            confirm(generation, head, to: flight.request, now: now, &output)
        case .whole(let length?, let validator) where length == generation.length && validator == generation.validator:
            confirm(generation, head, to: flight.request, now: now, &output)
        case .part, .whole:
            revalidation.noteMove(now: now)
            return adopt(id, head, now: now, &output)
        case .error where head.retry == .never: return .collect
        case .error(let status): return .reject(.failed(.status(status), head.retry))
        // Bytes in a form that is never stored are a response: what it had is not what it has.
        case .unsatisfiable, .changed, .refused(.encoded), .refused(.multipart), .refused(.status):
            return .reject(.changed)
        case .refused(let refusal): return .reject(.failed(.refused(refusal), .never))
        }
        return .reject(.cancelled)
    }

    private mutating func confirm(
        _ generation: Generation, _ head: JudgedHead, to request: TaskRequest, now: ClockReading,
        _ output: inout Output
    ) {
        var confirmed = generation
        confirmed.headers = generation.headers.updated(by: head.headers)
        confirmed.fetchedAt = head.madeAt
        phase = .known(confirmed)
        fills.succeeded()
        identity.confirmed(to: request)
        if let reason = BypassReason(storing: confirmed.headers, request.freshness) {
            // It has turned private, say: from now on it is for those whom the origin itself gives it.
            audience.settleOpening(.bypass(reason), &output)
            return discard(readersSee: .changedWhileReading, isUnchanged: true, now: now, &output)
        }
        if isRecorded { output.records.append(.put(confirmed, as: identity.own)) }
        if revalidation.confirmed() {
            // Two versions of one object answer in turn. Seen too often, it is passed through (rule:no-mixed-versions).
            revalidation.noteMove(now: now)
            if revalidation.isUnstable(now: now) {
                return discard(readersSee: .changedWhileReading, now: now, &output)
            }
        }
        audience.wakeOpening(&output)
    }

    /// The old generation goes; this response's bytes are the first of the new one if anybody waits for them.
    private mutating func adopt(
        _ id: FlightID, _ head: JudgedHead, now: ClockReading, _ output: inout Output
    ) -> HeadDecision {
        guard audience.hasOpening, !revalidation.isUnstable(now: now), let flight = fills.remove(id) else {
            discard(readersSee: .changedWhileReading, now: now, &output)
            return .reject(.cancelled)
        }
        abandon(readersSee: .changedWhileReading, &output)
        audience.leadersOfRevalidationLeadFirstContact()
        fills.becomesFirstContact(id, flight)
        phase = .probing
        return self.head(id, head, now: now, &output)
    }

    // MARK: End

    mutating func endRevalidation(
        _ id: FlightID, _ request: TaskRequest, _ outcome: FlightOutcome, now: ClockReading, _ output: inout Output
    ) {
        guard let generation, revalidation.ended(id) else { return }
        switch outcome {
        case .complete, .cancelled: audience.wakeOpening(isAnswered: false, &output)
        case .bypass(let reason): audience.settleOpening(.bypass(reason), &output)
        case .changed, .unsatisfiable, .elsewhere: move(now: now, &output)
        case .refused(let status): audience.settleOpening(.failed(.status(status)), &output)
        case .errorResponse(let response) where response.isRefusal:
            audience.settleOpening(response, refusing: request, &output)
            identity.noteGone(response, to: request)
            if let heir = identity.heir(of: request, among: audience.unsettled.map(\.demand.request)) {
                identity.askAs(heir)
                return revalidate(generation, &output)
            }
            // The origin was not asked as these ask.
            audience.settleOpening(.bypass(.refusedOthers), &output)
            if identity.isGone { discard(readersSee: .changedWhileReading, now: now, &output) }
        case .errorResponse(let response): audience.settleOpening(.origin(response), &output)
        case .failed(let error, let retry): failRevalidation(id, generation, error, retry, now: now, &output)
        }
        settleDoubt(outcome, &output)
    }

    /// Nobody waits for a response that does not come: while a generation is in doubt nothing of it is fetched.
    private mutating func settleDoubt(_ outcome: FlightOutcome, _ output: inout Output) {
        guard revalidation.isDoubted, !revalidation.isRunning, !fills.isBackingOff, let generation,
            !audience.demands.isEmpty
        else { return }
        if outcome == .cancelled || outcome == .complete { return revalidate(generation, &output) }
        for id in audience.demands.keys.sorted() { settle(id, .failed(.changedWhileReading), &output) }
    }

    /// The origin does not answer: stale bytes are better than none, unless it forbade that or they are in doubt.
    private mutating func failRevalidation(
        _ id: FlightID, _ generation: Generation, _ error: EngineError, _ retry: Retry, now: ClockReading,
        _ output: inout Output
    ) {
        if !revalidation.isDoubted, generation.mayServeStale {
            revalidation.serveStale(until: now.monotonic + configuration.staleGrace)
            return audience.wakeOpening(&output)
        }
        if fills.tryAgain(id, retry, now: now, configuration, &output) { return }
        fail(error, &output)
    }
}

extension Validator {
    /// Whether the tag of a 304 is another one. It may come back weakened (RFC 9110 §8.8.3.2), and says nothing where
    /// the version is known by another mark.
    fileprivate func isContradicted(by tag: HTTPField.Value?) -> Bool {
        guard let tag, case .etag(let value) = self, let known = EntityTag(value) else { return false }
        return EntityTag(tag).map { !$0.matchesWeakly(known) } ?? true
    }

    /// What a request carries that asks whether this version still counts (RFC 9110 §13.1).
    fileprivate var revalidationCondition: RequestCondition {
        switch self {
        case .etag(let tag): .ifNoneMatch(tag)
        case .lastModified(let date, _): .ifModifiedSince(date)
        case .none: .none
        }
    }
}

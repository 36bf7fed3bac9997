import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Whether a known generation still counts: asked once for all who wait, by a conditional request that brings the
/// wanted bytes along if the answer is no (rules 6 and 7).
extension TaskMachine {
    /// Whether this stream must wait for the origin's word.
    func mustAsk(_ generation: Generation, for id: StreamID, now: ClockReading) -> Bool {
        if isDoubted { return true }
        guard !configuration.isBackToSourceDisabled, demands[id]?.isAnswered != true else { return false }
        return generation.isStale(now: now.wall, rule: rule) && !isInGrace(now)
    }

    /// The origin did not answer a moment ago.
    func isInGrace(_ now: ClockReading) -> Bool { graceEnd.map { now.monotonic < $0 } ?? false }

    /// Asks, unless that is under way.
    mutating func revalidate(_ generation: Generation, _ actions: inout [Action]) {
        guard revalidation == nil, !isBackingOff else { return }
        let condition = generation.validator.revalidationCondition
        guard condition != .none else {
            // Nothing names these bytes, so nothing can confirm them. Who reads them as they come keeps them.
            if readers > 0, blocks?.isFinished != true { return settleOpening(.bypass(.noValidator), &actions) }
            abandon(readersSee: .changedWhileReading, &actions)
            return probe(&actions)
        }
        let leader = demands.filter { $0.value.result == nil && $0.value.wanted == nil }.keys.min()
        if let leader { demands[leader]?.leads = .revalidation }
        let wanted = leader.flatMap { demands[$0]?.spec }
        let isWithin = wanted.map { $0.resolve(length: generation.length) != nil } ?? true
        let ask = leader != nil && isWithin ? firstAsk(wanted) : .bounded(first: 0, last: 0)
        revalidation = launch(
            FlightState(purpose: .revalidation, request: own, priority: .demand, range: nil, written: 0), ask,
            condition, reserve: 0, &actions)
    }

    // MARK: Answers

    /// The answer to the conditional request. One of another generation becomes the first contact with that.
    mutating func revalidated(
        _ id: FlightID, _ head: JudgedHead, now: ClockReading, _ actions: inout [Action]
    ) -> HeadDecision {
        guard let generation else { return .reject(.cancelled) }
        switch head.admission {
        case .notModified where generation.validator.isContradicted(by: head.headers[content: .eTag]):
            return .reject(.changed)
        case .notModified: confirm(generation, head, now: now, &actions)
        case .part(_, let total, let validator)
        where total == generation.length && validator == generation.validator:
            confirm(generation, head, now: now, &actions)
        case .whole(let length?, let validator) where length == generation.length && validator == generation.validator:
            confirm(generation, head, now: now, &actions)
        case .part, .whole:
            noteMove(now: now)
            return adopt(id, head, now: now, &actions)
        case .error where head.retry == .never: return .collect
        case .error(let status): return .reject(.failed(.status(status), head.retry))
        // Bytes in a form that is never stored are an answer: what it had is not what it has.
        case .unsatisfiable, .changed, .refused(.encoded), .refused(.multipart), .refused(.status):
            return .reject(.changed)
        case .refused(let refusal): return .reject(.failed(.refused(refusal), .never))
        }
        return .reject(.cancelled)
    }

    private mutating func confirm(
        _ generation: Generation, _ head: JudgedHead, now: ClockReading, _ actions: inout [Action]
    ) {
        var confirmed = generation
        confirmed.headers = generation.headers.updated(by: head.headers)
        confirmed.fetchedAt = head.madeAt
        phase = .known(confirmed)
        failures = RetryBudget()
        refused = []
        granted = revalidation.flatMap { flights[$0]?.request }
        isGone = false
        if let reason = BypassReason(storing: confirmed.headers, rule) {
            // It has turned private, say: from now on it is for those whom the origin itself gives it.
            settleOpening(.bypass(reason), &actions)
            return discard(readersSee: .changedWhileReading, isUnchanged: true, now: now, &actions)
        }
        if confirmed.counter != nil { actions.append(.put(confirmed)) }
        if isDoubted {
            // Two versions of one object answer in turn. Seen too often, it is passed through (rule 6).
            isDoubted = false
            noteMove(now: now)
            if isUnstable(now: now) { return discard(readersSee: .changedWhileReading, now: now, &actions) }
        }
        wakeOpening(&actions)
    }

    /// The old generation goes; this answer's bytes are the first of the new one if anybody waits for them.
    private mutating func adopt(
        _ id: FlightID, _ head: JudgedHead, now: ClockReading, _ actions: inout [Action]
    ) -> HeadDecision {
        let isAwaited = demands.values.contains { $0.wanted == nil && $0.result == nil }
        guard isAwaited, !isUnstable(now: now), var flight = flights.removeValue(forKey: id) else {
            discard(readersSee: .changedWhileReading, now: now, &actions)
            return .reject(.cancelled)
        }
        abandon(readersSee: .changedWhileReading, &actions)
        for (id, demand) in demands where demand.leads == .revalidation { demands[id]?.leads = .firstContact }
        flight.purpose = .firstContact
        flights[id] = flight
        phase = .probing
        return self.head(id, head, now: now, &actions)
    }

    // MARK: End

    mutating func endRevalidation(
        _ id: FlightID, _ request: TaskRequest, _ outcome: FlightOutcome, now: ClockReading, _ actions: inout [Action]
    ) {
        guard revalidation == id, let generation else { return }
        revalidation = nil
        switch outcome {
        case .complete, .cancelled: wakeOpening(&actions, isAnswered: false)
        case .bypass(let reason): settleOpening(.bypass(reason), &actions)
        case .changed, .unsatisfiable: move(now: now, &actions)
        case .refused(let status): settleOpening(.failed(.status(status)), &actions)
        case .answered(let answer) where answer.isRefusal:
            settleOpening(answer, refusing: request, &actions)
            isGone = isGone || answer.isGone && (request.isNeutral || request == granted)
            if let heir = heir(of: request, among: demands) {
                own = heir
                return revalidate(generation, &actions)
            }
            // The origin was not asked as these ask.
            settleOpening(.bypass(.refusedOthers), &actions)
            if isGone { discard(readersSee: .changedWhileReading, now: now, &actions) }
        case .answered(let answer): settleOpening(.origin(answer), &actions)
        case .failed(let error, let retry): failRevalidation(id, generation, error, retry, now: now, &actions)
        }
        settleDoubt(outcome, &actions)
    }

    /// Nobody waits for an answer that does not come: while a generation is in doubt nothing of it is fetched.
    private mutating func settleDoubt(_ outcome: FlightOutcome, _ actions: inout [Action]) {
        guard isDoubted, revalidation == nil, !isBackingOff, let generation, !demands.isEmpty else { return }
        if outcome == .cancelled || outcome == .complete { return revalidate(generation, &actions) }
        for id in demands.keys.sorted() { settle(id, .failed(.changedWhileReading), &actions) }
    }

    /// The origin does not answer: stale bytes are better than none, unless it forbade that or they are in doubt.
    private mutating func failRevalidation(
        _ id: FlightID, _ generation: Generation, _ error: EngineError, _ retry: Retry, now: ClockReading,
        _ actions: inout [Action]
    ) {
        if !isDoubted, generation.freshness(rule).mayServeStale {
            graceEnd = now.monotonic + configuration.staleGrace
            return wakeOpening(&actions)
        }
        if tryAgain(id, retry, now: now, &actions) { return }
        settleOpening(.failed(error), &actions)
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

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What the end of a flight means: go on, try again, or give a generation up.
extension TaskMachine {
    mutating func ended(_ id: FlightID, _ outcome: FlightOutcome, now: ClockReading, _ actions: inout [Action]) {
        guard let flight = flights.removeValue(forKey: id) else { return }
        record(isFlightOver: true, now: now, &actions)
        if flight.purpose == .revalidation {
            endRevalidation(id, flight.request, outcome, now: now, &actions)
        } else if phase == .probing, flight.range == nil {
            endFirstContact(id, flight.request, outcome, now: now, &actions)
        } else {
            endSpan(id, flight, outcome, now: now, &actions)
        }
        planAll(&actions)
    }

    /// The pause after a failure is over.
    mutating func resumed(_ actions: inout [Action]) {
        isBackingOff = false
        switch phase {
        case .absent: probe(&actions)
        case .known(let generation) where isDoubted: revalidate(generation, &actions)
        case .known: wakeOpening(&actions, isAnswered: false)
        case .cold, .loading, .probing, .shutDown: break
        }
        planAll(&actions)
    }

    /// Counts a failure, and pauses before the next try.
    /// - Returns: false when the readers must be told instead.
    mutating func tryAgain(_ id: FlightID, _ retry: Retry, now: ClockReading, _ actions: inout [Action]) -> Bool {
        let asked: Duration?
        switch retry {
        case .never: return false
        case .later: asked = nil
        case .after(let pause): asked = pause
        }
        switch failures.failed(id, next: nextFlight, asked: asked, now: now.monotonic, configuration) {
        case .retry(let delay):
            if !isBackingOff { actions.append(.later(delay)) }
            isBackingOff = true
            return true
        case .giveUp:
            failures = RetryBudget()
            return false
        }
    }

    // MARK: First contact

    private mutating func endFirstContact(
        _ id: FlightID, _ request: TaskRequest, _ outcome: FlightOutcome, now: ClockReading, _ actions: inout [Action]
    ) {
        phase = .absent
        switch outcome {
        case .cancelled: break
        case .complete, .changed: settleOpening(.failed(.shortAnswer), &actions)
        case .refused(let status): refuseRange(status, &actions)
        case .answered(let answer) where answer.isRefusal:
            settleOpening(answer, refusing: request, &actions)
            // The next is asked for in nobody's name, then as its own client asks.
            if !noteRefusal(of: request) { settleOpening(.bypass(.refusedOthers), &actions) }
        case .answered(let answer):
            if !tryAgain(id, answer.retry(now: now.wall), now: now, &actions) {
                settleOpening(.origin(answer), &actions)
            }
        case .bypass(let reason):
            if reason.isLasting { shortcut = (reason, now.monotonic + .seconds(60)) }
            settleOpening(.bypass(reason), &actions)
        case .unsatisfiable(let length): settleUnsatisfiable(length, &actions)
        case .failed(let error, let retry):
            if !tryAgain(id, retry, now: now, &actions) { settleOpening(.failed(error), &actions) }
        }
        probe(&actions)
    }

    /// Only the ranges that the length rules out are told so; the others ask again with their own range.
    private mutating func settleUnsatisfiable(_ length: Int64, _ actions: inout [Action]) {
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) where demand.wanted == nil {
            if length == 0 || demand.spec == nil {
                let isAllOrTail = demand.spec == nil || demand.isSuffix
                settle(id, isAllOrTail ? .bypass(.emptyObject) : .unsatisfiable(length: 0), &actions)
            } else if demand.spec?.resolve(length: length) == nil {
                settle(id, .unsatisfiable(length: length), &actions)
            } else if demand.leads != nil {
                settle(id, .failed(.status(416)), &actions)
            }
        }
    }

    // MARK: Spans

    private mutating func endSpan(
        _ id: FlightID, _ flight: FlightState, _ outcome: FlightOutcome, now: ClockReading, _ actions: inout [Action]
    ) {
        forgetPlans()
        if outcome != .changed, isBeyondRepair {
            return discard(readersSee: outcome.error, isUnchanged: outcome.isForRoom, now: now, &actions)
        }
        switch outcome {
        case .changed, .unsatisfiable, .answered: doubtGeneration(now: now, &actions)
        case .bypass: failSpan(id, flight, .noRoom, .never, isForRoom: true, now: now, &actions)
        case .complete where flight.endedEarly:
            failSpan(id, flight, .shortAnswer, .later, isForRoom: false, now: now, &actions)
        case .complete: failures = RetryBudget()
        case .cancelled: break
        case .refused(let status): refuseSpan(flight, status, &actions)
        case .failed(let error, let retry):
            failSpan(id, flight, error, retry, isForRoom: error.kind == .storage, now: now, &actions)
        }
    }

    /// No further flight can help this generation: it consists of one response, and that did not bring all.
    private var isBeyondRepair: Bool {
        generation?.isOneResponse == true && blocks?.isFinished != true
    }

    private mutating func failSpan(
        _ id: FlightID, _ flight: FlightState, _ error: EngineError, _ retry: Retry, isForRoom: Bool, now: ClockReading,
        _ actions: inout [Action]
    ) {
        if flight.purpose == .completion { return stopCompleting() }
        if retry != .never, let cut = flight.pending?.lowerBound {
            cuts.insert(cut)
            // It brought bytes, so the origin is well: go on at once.
            if flight.progress >= BlockGrid.blockLength { return }
        }
        if tryAgain(id, retry, now: now, &actions) { return }
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) {
            guard let wanted = demand.wanted, let pending = flight.pending, wanted.overlaps(pending) else { continue }
            settle(id, isForRoom ? generation.map(PollResult.direct) ?? .failed(error) : .failed(error), &actions)
        }
    }

    // MARK: Refusals

    /// A refusal concerns those who ask as it was asked (rule 37). Whoever else waits for these bytes has the object asked
    /// for as its own client does, from then on; after too many refusals it fetches the rest for itself.
    private mutating func refuseSpan(_ flight: FlightState, _ status: Int, _ actions: inout [Action]) {
        if flight.purpose == .completion { return stopCompleting() }
        // What was trimmed to nothing is waited for by nobody.
        guard let pending = flight.pending, let generation else { return }
        let isForHash = demands[Self.hashStream]?.wanted?.overlaps(pending) == true
        let waiting = demands.filter { _, demand in
            demand.result == nil && (demand.wanted?.overlaps(pending) == true || isForHash && awaitsProof(demand))
        }
        // Not the own one any more: another span was refused before this one.
        let heir = flight.request.asksAlike(own) ? heir(of: flight.request, among: waiting) : own
        for (id, demand) in waiting.sorted(by: { $0.key < $1.key }) where id != Self.hashStream {
            if demand.request.asksAlike(flight.request) || heir == nil && awaitsProof(demand) {
                settle(id, .failed(.status(status)), &actions)
            } else if heir == nil {
                settle(id, .direct(generation), &actions)
            }
        }
        guard let heir else { return settle(Self.hashStream, .failed(.status(status)), &actions) }
        own = heir
    }

    /// Those who ask for the same range as was refused.
    private mutating func refuseRange(_ status: Int, _ actions: inout [Action]) {
        let refused = Set(demands.values.lazy.filter { $0.leads != nil && $0.wanted == nil }.map(\.spec))
        for (id, demand) in demands.sorted(by: { $0.key < $1.key })
        where demand.wanted == nil && refused.contains(demand.spec) {
            settle(id, .failed(.status(status)), &actions)
        }
    }

    /// Who of these has the origin asked in another way than it refused; nil if there is none, or it refused too many.
    mutating func heir(of request: TaskRequest, among demands: [StreamID: Demand]) -> TaskRequest? {
        guard noteRefusal(of: request) else { return nil }
        let others = demands.filter { id, demand in
            id != Self.hashStream && demand.result == nil && !refused.contains { demand.request.asksAlike($0) }
        }
        let heir = others.min { $0.key < $1.key }?.value.request
        if heir == nil { refused = [] }
        return heir
    }

    /// - Returns: false when as many were refused one after another as may be: nobody waits for more.
    private mutating func noteRefusal(of request: TaskRequest) -> Bool {
        refused.append(request)
        guard refused.count >= Self.mostRefusals else { return true }
        refused = []
        return false
    }

    private static let mostRefusals = 4

    private mutating func stopCompleting() {
        touched.removeAll()
        prefetches = false
    }

    // MARK: Generations

    /// An answer of another version came. Whether ours still counts is asked before anything else is.
    private mutating func doubtGeneration(now: ClockReading, _ actions: inout [Action]) {
        guard let generation else { return }
        guard generation.validator != .none else { return move(now: now, &actions) }
        isDoubted = true
        revalidate(generation, &actions)
    }

    /// The origin has another generation: nothing of this one is served to new requests.
    mutating func move(now: ClockReading, _ actions: inout [Action]) {
        noteMove(now: now)
        discard(readersSee: .changedWhileReading, now: now, &actions)
    }

    /// The origin told of another version, or contradicted itself.
    mutating func noteMove(now: ClockReading) { moves = lateMoves(now: now) + [now.monotonic] }

    /// Three moves within a minute: separate answers will hardly ever fit together (rule 6).
    func isUnstable(now: ClockReading) -> Bool { lateMoves(now: now).count >= 3 }

    private func lateMoves(now: ClockReading) -> [MonotonicTime] { moves.filter { now.monotonic - $0 < .seconds(60) } }

    /// Gives the generation up; streams that still open start anew.
    /// - Parameter isUnchanged: the origin has these bytes still, but they can't be kept.
    mutating func discard(
        readersSee error: EngineError, isUnchanged: Bool = false, now: ClockReading, _ actions: inout [Action]
    ) {
        abandon(readersSee: error, isUnchanged: isUnchanged, &actions)
        if isUnstable(now: now) { settleOpening(.bypass(.unstable), &actions) }
        probe(&actions)
    }

    /// Gives the generation up. Streams whose head is out end with what is there of it, or fail (rule 6); if it is
    /// unchanged, they fetch the rest for themselves.
    mutating func abandon(
        readersSee error: EngineError, isUnchanged: Bool = false, _ actions: inout [Action]
    ) {
        let old = generation
        retire(&actions)
        for id in flights.keys.sorted() { actions.append(.stop(id, at: nil)) }
        flights = [:]
        revalidation = nil
        isDoubted = false
        granted = nil
        isGone = false
        dirty = []
        touched = []
        cuts = []
        endProof()
        phase = .absent
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) {
            guard let wanted = demand.wanted else { continue }
            if isUnchanged, let old, !old.isOneResponse {
                settle(id, .direct(old), &actions)
            } else if departing?.servable(
                from: wanted.lowerBound, upTo: wanted.upperBound, isWhole: demand.isWhole) == wanted.upperBound
            {
                wake(id, &actions)
                demands[id] = nil
            } else {
                settle(id, .failed(error), &actions)
            }
        }
    }

    /// Keeps the blocks for the streams that read them; their file stays until the last is done.
    private mutating func retire(_ actions: inout [Action]) {
        departing = nil
        if let generation, let blocks, readers > 0 {
            departing = Departing(
                epoch: generation.epoch, blocks: blocks, readers: readers, withheldFrom: withheldFrom)
        }
        if let generation, generation.counter != nil { actions.append(.remove(generation)) }
        readers = 0
        blocks = nil
    }

    /// Ends everything; nothing starts any more.
    mutating func shutDown(now: ClockReading, _ actions: inout [Action]) {
        record(isFlightOver: true, now: now, &actions)
        for id in flights.keys.sorted() { actions.append(.stop(id, at: nil)) }
        flights = [:]
        phase = .shutDown
        for id in demands.keys.sorted() { settle(id, .failed(.shuttingDown), &actions) }
    }
}

extension OriginAnswer {
    var isRefusal: Bool { RetryRule.isRefusal(status: status) }

    /// The origin says that the object is not there.
    var isGone: Bool { status == 404 || status == 410 }

    /// Whether this refusal of `request` is an answer to another as well: if that asks alike. That there is nothing, told to
    /// nobody in particular, holds for whoever adds no more than fields that prove nothing.
    func refuses(_ other: TaskRequest, as request: TaskRequest) -> Bool {
        if other.asksAlike(request) { return true }
        return isGone && request.isNeutral && other.adds(only: .impersonal, to: request)
    }

    fileprivate func retry(now: Timestamp) -> TaskMachine.Retry {
        TaskMachine.Retry(OriginHead(status: status, headers: headers), now: now)
    }
}

extension TaskMachine.FlightOutcome {
    /// What readers are told whom this end leaves without their bytes.
    fileprivate var error: EngineError {
        switch self {
        case .failed(let error, _): error
        case .refused(let status): .status(status)
        case .bypass: .noRoom
        case .complete, .cancelled, .answered, .unsatisfiable, .changed: .shortAnswer
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

import DragonflyIdentity
import HTTPTypes
import SeedOrigin
import SeedStorage

/// What flights tell: an answer's head, written bytes, their end.
extension TaskMachine {
    /// What a flight does with an answer.
    enum HeadVerdict: Sendable, Equatable {
        case keep(Keep)
        /// An error answer to a first contact: keep its body for the clients.
        case collect
        case reject(FlightOutcome)
    }

    /// The body's first byte is the object's byte `bodyStart`; the bytes of `range` belong into `grid`, the rest nowhere.
    struct Keep: Sendable, Equatable {
        var range: ByteRange
        var bodyStart: Int64
        var epoch: Int
        var grid: BlockGrid
    }

    /// How a flight ended.
    enum FlightOutcome: Sendable, Equatable {
        case complete
        case cancelled
        /// Retried within the budget if `isRetryable`.
        case failed(EngineError, isRetryable: Bool)
        /// The origin's own error, at first contact.
        case answered(OriginAnswer)
        case unsatisfiable(length: Int64)
        case bypass(BypassReason)
        /// The answer belongs to another generation.
        case changed
    }

    // MARK: Head

    mutating func head(
        _ id: FlightID, _ admitted: AnswerAdmission, headers: HTTPFields, now: Int64, _ actions: inout [Action]
    ) -> HeadVerdict {
        guard let flight = flights[id] else { return .reject(.cancelled) }
        let isFirst = flight.purpose == .firstContact && flight.range == nil
        // One URL, several representations: the store key does not tell them apart (rule 1).
        if isFirst, headers.variesBeyondEncoding, !admitted.isError { return .reject(.bypass(.varies)) }
        switch admitted {
        case .part(let range, let total, let validator):
            guard isFirst else { return keep(id, bodyStart: range.lowerBound, upTo: range.upperBound) }
            let isAll = range == ByteRange(0, total)
            guard validator != .none || isAll else { return .reject(.bypass(.noValidator)) }
            let end = validator == .none ? total : min(range.upperBound, range.lowerBound + configuration.spanLength)
            becomeKnown(id, length: total, validator, headers, now: now, ByteRange(range.lowerBound, end), &actions)
            return keep(id, bodyStart: range.lowerBound, upTo: end)
        case .whole(let length?, let validator):
            if isFirst { becomeKnown(id, length: length, validator, headers, now: now, ByteRange(0, length), &actions) }
            setSequential()
            return keep(id, bodyStart: 0, upTo: length)
        case .whole(nil, _): return .reject(isFirst ? .bypass(.unknownLength) : .changed)
        case .unsatisfiable(let total): return .reject(unsatisfiable(total, isFirst: isFirst))
        case .changed, .notModified: return .reject(.changed)
        case .error(let status):
            return isFirst ? .collect : .reject(.failed(.status(status), isRetryable: isTransient(status)))
        case .refused(.encoded), .refused(.multipart): return .reject(isFirst ? .bypass(.encoded) : .changed)
        case .refused(let refusal):
            return .reject(.failed(EngineError(.originFailed, "Refused: \(refusal)."), isRetryable: false))
        }
    }

    private func isTransient(_ status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }

    private func unsatisfiable(_ total: Int64?, isFirst: Bool) -> FlightOutcome {
        guard isFirst else { return .changed }
        guard let total else { return .failed(.status(416), isRetryable: false) }
        return .unsatisfiable(length: total)
    }

    /// What is kept of a body. An origin that ignores ranges sends bytes before the wanted ones; they are thrown away.
    private func keep(_ id: FlightID, bodyStart: Int64, upTo end: Int64) -> HeadVerdict {
        guard let planned = flights[id]?.range, let grid = blocks?.grid, let generation else {
            return .reject(.cancelled)
        }
        let range = ByteRange(planned.lowerBound, max(planned.lowerBound, min(planned.upperBound, end)))
        return .keep(Keep(range: range, bodyStart: bodyStart, epoch: generation.epoch, grid: grid))
    }

    private mutating func setSequential() {
        guard var generation else { return }
        generation.isSequential = true
        phase = .known(generation)
    }

    private mutating func becomeKnown(
        _ id: FlightID, length: Int64, _ validator: Validator, _ headers: HTTPFields, now: Int64, _ range: ByteRange,
        _ actions: inout [Action]
    ) {
        epoch += 1
        let layout = PieceLayout(contentLength: length, pieceLength: pieceLength)
        blocks = BlockMap(grid: BlockGrid(layout))
        phase = .known(
            Generation(epoch: epoch, layout: layout, validator: validator, headers: headers, fetchedAt: now))
        flights[id]?.range = range
        flights[id]?.written = range.lowerBound
        wakeOpening(&actions)
    }

    // MARK: Bytes

    /// Bytes are in the content file: streams may have them.
    mutating func wrote(_ id: FlightID, _ parts: [BlockMap.Fragment], now: Int64, _ actions: inout [Action]) {
        guard let end = flights[id]?.range?.upperBound, let grid = blocks?.grid else { return }
        // A trim may have come while these were being written; what lies beyond belongs to a later flight.
        for part in parts where part.range.upperBound <= end {
            let piece = grid.layout.piece(at: part.range.lowerBound)
            let isBlock = blocks?.wrote(part) ?? false
            if isBlock { dirty.insert(piece) }
            flights[id]?.written = part.range.upperBound
            failures.wrote(part.range.count)
        }
        record(isFlightOver: false, now: now, &actions)
        wakeReady(&actions)
    }

    /// Hands piece records to the store: at once for whole pieces and at a flight's end, else in its own time (rule 22).
    mutating func record(isFlightOver: Bool, now: Int64, _ actions: inout [Action]) {
        guard let generation, generation.file != nil, let blocks, !dirty.isEmpty else { return }
        for piece in dirty.sorted() {
            guard let record = blocks.record(of: piece, now: now) else { continue }
            let isSoon = isFlightOver || record.digest != nil
            actions.append(.putPiece(record, of: generation, isSoon ? .soon : .lazy))
            if record.digest != nil { touched.remove(piece) }
            if isSoon { dirty.remove(piece) }
        }
    }

    // MARK: End

    mutating func ended(_ id: FlightID, _ outcome: FlightOutcome, now: Int64, _ actions: inout [Action]) {
        guard let flight = flights.removeValue(forKey: id) else { return }
        record(isFlightOver: true, now: now, &actions)
        if phase == .probing, flight.range == nil {
            endFirstContact(outcome, &actions)
        } else {
            endSpan(id, flight, outcome, now: now, &actions)
        }
        planAll(&actions)
    }

    private mutating func endFirstContact(_ outcome: FlightOutcome, _ actions: inout [Action]) {
        phase = .absent
        switch outcome {
        case .cancelled: break
        case .complete, .changed: settleOpening(.failed(.shortAnswer), &actions)
        case .answered(let answer): settleOpening(.origin(answer), &actions)
        case .bypass(let reason): settleOpening(.bypass(reason), &actions)
        case .unsatisfiable(let length): settleUnsatisfiable(length, &actions)
        case .failed(let error, let isRetryable):
            if isRetryable, failures.failed(nextFlight - 1, next: nextFlight, limit: configuration.maxRetries) { break }
            failures = RetryBudget()
            settleOpening(.failed(error), &actions)
        }
        probe(&actions)
    }

    /// Only the ranges that the length rules out are told so; the others ask again with their own range.
    private mutating func settleUnsatisfiable(_ length: Int64, _ actions: inout [Action]) {
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) where demand.wanted == nil {
            if length == 0 || demand.spec == nil {
                settle(
                    id, demand.spec == nil || demand.isSuffix ? .bypass(.emptyObject) : .unsatisfiable(length: 0),
                    &actions)
            } else if demand.spec?.resolve(length: length) == nil {
                settle(id, .unsatisfiable(length: length), &actions)
            } else if demand.isLeader {
                settle(id, .failed(.status(416)), &actions)
            }
        }
    }

    private mutating func endSpan(
        _ id: FlightID, _ flight: FlightState, _ outcome: FlightOutcome, now: Int64, _ actions: inout [Action]
    ) {
        forgetPlans()
        if outcome != .changed, isBeyondRepair { return discard(readersSee: outcome.error, now: now, &actions) }
        switch outcome {
        case .changed, .unsatisfiable, .answered: move(now: now, &actions)
        case .bypass: fail(id, flight, .noRoom, isRetryable: false, &actions)
        case .complete, .cancelled: break
        case .failed(let error, let isRetryable): fail(id, flight, error, isRetryable: isRetryable, &actions)
        }
    }

    /// No further flight can help this generation: its file was never made, so none may start, or it consists of one
    /// response that did not bring all.
    private var isBeyondRepair: Bool {
        guard let generation, generation.length > 0 else { return false }
        return generation.file == nil || (generation.isOneResponse && blocks?.isFinished != true)
    }

    private mutating func fail(
        _ id: FlightID, _ flight: FlightState, _ error: EngineError, isRetryable: Bool, _ actions: inout [Action]
    ) {
        if flight.purpose == .completion { return touched.removeAll() }
        let isFruitful = flight.progress >= BlockGrid.blockLength
        if isRetryable, isFruitful || failures.failed(id, next: nextFlight, limit: configuration.maxRetries) { return }
        failures = RetryBudget()
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) {
            guard let wanted = demand.wanted, let pending = flight.pending, wanted.overlaps(pending) else { continue }
            settle(id, .failed(error), &actions)
        }
    }

    /// The origin has another generation: nothing of this one is served to new requests.
    private mutating func move(now: Int64, _ actions: inout [Action]) {
        moves = moves.filter { now - $0 < 60_000 } + [now]
        discard(readersSee: .changedWhileReading, now: now, &actions)
    }

    /// Three moves within a minute: separate answers will hardly ever fit together (rule 6).
    func isUnstable(now: Int64) -> Bool { moves.filter { now - $0 < 60_000 }.count >= 3 }

    /// Gives the generation up. Streams whose head is out fail; those still opening start anew.
    mutating func discard(readersSee error: EngineError, now: Int64, _ actions: inout [Action]) {
        if let generation, generation.file != nil { actions.append(.remove(generation)) }
        for id in flights.keys.sorted() { actions.append(.stop(id, at: nil)) }
        flights = [:]
        blocks = nil
        dirty = []
        touched = []
        phase = .absent
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) where demand.wanted != nil {
            settle(id, .failed(error), &actions)
        }
        if isUnstable(now: now) { settleOpening(.bypass(.unstable), &actions) }
        probe(&actions)
    }

    /// Ends everything; nothing starts any more.
    mutating func shutDown(now: Int64, _ actions: inout [Action]) {
        record(isFlightOver: true, now: now, &actions)
        for id in flights.keys.sorted() { actions.append(.stop(id, at: nil)) }
        flights = [:]
        phase = .shutDown
        let error = EngineError(.shuttingDown, "The seed peer is shutting down.")
        for id in demands.keys.sorted() { settle(id, .failed(error), &actions) }
    }
}

extension TaskMachine.FlightOutcome {
    /// What readers are told whom this end leaves without their bytes.
    fileprivate var error: EngineError {
        switch self {
        case .failed(let error, _): error
        case .bypass: .noRoom
        case .complete, .cancelled, .answered, .unsatisfiable, .changed: .shortAnswer
        }
    }
}

extension EngineError {
    static let shortAnswer = EngineError(.originFailed, "The origin's answer ended before its announced length.")

    static let noRoom = EngineError(.storage, "No room in the store for the rest of the object.")

    static func status(_ status: Int) -> EngineError {
        EngineError(.originFailed, "The origin answered \(status) in the middle of the object.")
    }
}

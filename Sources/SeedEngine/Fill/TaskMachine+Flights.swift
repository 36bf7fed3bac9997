import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What flights tell: a response's head, written bytes, their end.
extension TaskMachine {
    /// What a flight does with a response.
    enum HeadDecision: Sendable, Equatable {
        case keep(Keep)
        /// The body begins at the object's byte `bodyStart`; the bytes of the range go to the stream that the flight is for.
        case passOn(ByteRange, bodyStart: Int64)
        /// An error response to a first contact: keep its body for the clients.
        case collect
        /// So many bytes must be reserved for the flight in all; then the same head is to be judged again.
        case needsRoom(Int64)
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
        case failed(EngineError, Retry)
        /// The origin's own error, at first contact.
        case errorResponse(OriginErrorResponse)
        /// 4xx to a span, or 416 without a length to a first contact: as it was asked, it is not to be had.
        case refused(status: Int)
        case unsatisfiable(length: Int64)
        case bypass(BypassReason)
        /// The response belongs to another generation.
        case changed
        /// The bytes are there under another key.
        case elsewhere(RecognizedBytes)
    }

    // MARK: Head

    /// A response's head came.
    mutating func head(_ id: FlightID, _ head: JudgedHead, now: ClockReading, _ output: inout Output) -> HeadDecision {
        if let direct = fills.direct[id] { return directHead(direct, head) }
        switch fills[id]?.purpose {
        case nil: return .reject(.cancelled)
        case .revalidation: return revalidated(id, head, now: now, &output)
        case .firstContact where fills[id]?.range == nil: return firstHead(id, head, &output)
        case .firstContact, .demand, .completion, .direct: return spanHead(id, head)
        }
    }

    private mutating func firstHead(_ id: FlightID, _ head: JudgedHead, _ output: inout Output) -> HeadDecision {
        guard let request = fills[id]?.request else { return .reject(.cancelled) }
        if !head.admission.isError, let reason = BypassReason(storing: head.headers, request.freshness) {
            return .reject(.bypass(reason))
        }
        if request.lead == .possible, let bytes = shared?.recognized(by: head) { return .reject(.elsewhere(bytes)) }
        if let length = head.admission.length, isTooLong(length) { return .reject(.bypass(.tooLong)) }
        if let needed = roomNeeded(for: head.admission, request), needed > head.room { return .needsRoom(needed) }
        switch head.admission {
        case .part(let range, let total, let validator):
            guard !request.isOneResponse(validator) || range == ByteRange(0, total) else {
                return .reject(.bypass(.noValidator))
            }
            let kept = kept(of: range, validator, request)
            becomeKnown(id, request, length: total, validator, head, kept, &output)
            return keep(id, bodyStart: kept.lowerBound, upTo: kept.upperBound)
        case .whole(let length?, let validator):
            becomeKnown(id, request, length: length, validator, head, ByteRange(0, length), &output)
            setSequential()
            return keep(id, bodyStart: 0, upTo: length)
        case .whole(nil, _): return .reject(.bypass(.unknownLength))
        case .unsatisfiable(let total?): return .reject(.unsatisfiable(length: total))
        case .unsatisfiable(nil): return .reject(.refused(status: 416))
        case .changed, .notModified: return .reject(.changed)
        case .error: return .collect
        case .refused(.encoded), .refused(.multipart): return .reject(.bypass(.encoded))
        case .refused(let refusal): return .reject(.failed(.refused(refusal), .later))
        }
    }

    private func isTooLong(_ length: Int64) -> Bool {
        if let limit = configuration.taskSizeLimit, length > limit { return true }
        return PieceLayout(contentLength: length, pieceLength: identity.own.pieceLength).pieceCount
            > PieceName.mostPieces
    }

    /// The bytes that are kept of a first response.
    private func roomNeeded(for admitted: ResponseAdmission, _ request: TaskRequest) -> Int64? {
        switch admitted {
        case .part(let range, _, let validator): kept(of: range, validator, request).count
        case .whole(let length, _): length
        default: nil
        }
    }

    /// What is kept of a part that a first response brings: a span, unless nothing can be fetched after it.
    private func kept(of range: ByteRange, _ validator: Validator, _ request: TaskRequest) -> ByteRange {
        if request.isOneResponse(validator) { return range }
        return ByteRange(range.lowerBound, min(range.upperBound, range.lowerBound + configuration.spanLength))
    }

    private mutating func spanHead(_ id: FlightID, _ head: JudgedHead) -> HeadDecision {
        switch head.admission {
        case .part(let range, _, _):
            identity.forgetRefusals()
            setSequential(false)
            return keep(id, bodyStart: range.lowerBound, upTo: range.upperBound)
        case .whole(let length?, _):
            setSequential()
            return keep(id, bodyStart: 0, upTo: length)
        // What the origin has now is not what it had: asked again by one request for all (rule:no-mixed-versions).
        case .whole(nil, _), .unsatisfiable, .changed, .notModified, .error(404), .error(410), .refused(.encoded),
            .refused(.multipart):
            return .reject(.changed)
        case .error(let status) where RetryRule.isRefusal(status: status): return .reject(.refused(status: status))
        case .error(let status): return .reject(.failed(.status(status), head.retry))
        // A mangled head may be an accident on the way: the budget bounds the tries.
        case .refused(let refusal): return .reject(.failed(.refused(refusal), .later))
        }
    }

    /// What is kept of a body. An origin that ignores ranges sends bytes before the wanted ones; they are thrown away.
    private func keep(_ id: FlightID, bodyStart: Int64, upTo end: Int64) -> HeadDecision {
        guard let planned = fills[id]?.range, let grid = holdings.blocks?.grid, let generation else {
            return .reject(.cancelled)
        }
        let range = ByteRange(planned.lowerBound, max(planned.lowerBound, min(planned.upperBound, end)))
        return .keep(Keep(range: range, bodyStart: bodyStart, epoch: generation.epoch, grid: grid))
    }

    /// Whether the origin ignores ranges, by its latest response.
    private mutating func setSequential(_ isSequential: Bool = true) {
        guard var generation, generation.isSequential != isSequential else { return }
        generation.isSequential = isSequential
        phase = .known(generation)
    }

    private mutating func becomeKnown(
        _ id: FlightID, _ request: TaskRequest, length: Int64, _ validator: Validator, _ head: JudgedHead,
        _ range: ByteRange, _ output: inout Output
    ) {
        epoch += 1
        let layout = PieceLayout(contentLength: length, pieceLength: request.pieceLength)
        holdings.begin(BlockMap(grid: BlockGrid(layout)))
        isRecorded = false
        revalidation.becameKnown()
        shortcut = nil
        shared = nil
        identity.began(as: request)
        phase = .known(
            Generation(
                epoch: epoch, layout: layout, validator: validator, headers: head.headers, fetchedAt: head.madeAt,
                isImmutable: request.freshness.isImmutable,
                digest: request.digest ?? Digest(ofObject: head.headers, isWhole: head.isWhole)))
        beginProof()
        fills.brings(id, range)
        audience.wakeOpening(&output)
    }

    // MARK: Bytes

    /// Bytes are in the content file: streams may have them.
    /// - Parameter spent: how long the flight took for them.
    mutating func wrote(
        _ id: FlightID, _ parts: [BlockMap.Fragment], spent: Duration = .zero, now: ClockReading,
        _ output: inout Output
    ) {
        guard let flight = fills[id], let end = flight.range?.upperBound else { return }
        // A trim may have come while these were being written; what lies beyond belongs to a later flight.
        let total = parts.reduce(0) { $0 + $1.range.count }
        for part in parts where part.range.upperBound <= end {
            let share = spent * part.range.count / total
            // Before a stream is told of them, also of less than a block.
            unprove(&output)
            reprove(part.range.lowerBound)
            if let block = holdings.wrote(part, spent: share) { completed(block, by: flight, &output) }
            fills.wrote(id, part.range)
        }
        record(isFlightOver: false, now: now, &output)
        hashOn(&output)
        wakeReady(&output)
    }

    private mutating func completed(_ block: BlockIndex, by flight: FlightState, _ output: inout Output) {
        guard let range = holdings.blocks?.grid.range(of: block) else { return }
        guard flight.purpose == .completion else { return }
        holdings.fetchedAhead(block)
        output.effects.append(.counted(.fetched(range.count)))
    }

    /// Hands piece records to the store.
    mutating func record(isFlightOver: Bool, now: ClockReading, _ output: inout Output) {
        guard let generation, generation.counter != nil else { return }
        for (record, isSoon) in holdings.takeRecords(isFlightOver: isFlightOver, now: now.wall) {
            if !isRecorded { output.records.append(.put(generation, as: identity.own)) }
            isRecorded = true
            output.records.append(.putPiece(record, of: generation, isSoon ? .soon : .lazy))
            guard record.digest != nil else { continue }
            completion.forget(record.number)
            output.changes.append(.piece(record))
        }
    }
}

extension ResponseAdmission {
    /// The whole object's, if the response brings bytes of it.
    fileprivate var length: Int64? {
        switch self {
        case .part(_, let total, _): total
        case .whole(let length, _): length
        default: nil
        }
    }
}

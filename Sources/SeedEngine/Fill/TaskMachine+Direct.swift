import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Streams for which the store has no room: flights bring the rest to each alone, past the store
/// (rule:reserve-before-fetch).
///
/// One bounded span at a time, and the next is asked for when the client has taken it. So a slow client never pauses a
/// transfer; only where the origin knows no ranges is one request all there is.
extension TaskMachine {
    /// The stream has taken all that came.
    mutating func pollDirect(
        _ cursor: inout Cursor, of generation: Generation, _ output: inout Output
    ) -> PollResult {
        if case .reading(_, let left) = cursor.phase {
            audience.leave(cursor, current: current.epoch)
            cursor.phase = .direct(left)
            // Bytes that were given out but could not be read from the file are still to come.
            audience.wants(left, for: cursor.id)
        }
        guard case .direct(let left) = cursor.phase, !left.isEmpty else { return over(&cursor, .end) }
        audience.waits(cursor.id)
        planDirect(cursor.id, &output)
        return .direct(generation)
    }

    /// Begins a stream's next span, unless one is under way or the origin failed a moment ago.
    mutating func planDirect(_ id: StreamID, _ output: inout Output) {
        guard let demand = audience[id], demand.isWaiting, case .direct(let generation) = demand.result,
            let wanted = demand.wanted, !wanted.isEmpty, !fills.isBackingOff, !fills.runsDirect(for: id)
        else { return }
        let count = generation.isSequential ? wanted.count : min(DirectBuffer.window, wanted.count)
        let range = ByteRange(wanted.lowerBound, wanted.lowerBound + count)
        let flight = FlightState(
            purpose: .direct, request: demand.request, priority: demand.priority, range: range,
            written: range.lowerBound, direct: DirectReader(stream: id, generation: generation))
        fills.launch(direct: flight, .bounded(first: range.lowerBound, last: range.upperBound - 1), &output)
    }

    /// Lets nothing through but the bytes asked for, of the right generation.
    func directHead(_ flight: FlightState, _ head: JudgedHead) -> HeadDecision {
        guard let asked = flight.range, let reader = flight.direct?.stream, audience[reader] != nil else {
            return .reject(.cancelled)
        }
        switch head.admission {
        case .part(let range, _, _): return .passOn(asked, bodyStart: range.lowerBound)
        case .whole(.some, _): return .passOn(asked, bodyStart: 0)
        case .error(let status): return .reject(.failed(.status(status), head.retry))
        case .whole(nil, _), .unsatisfiable, .notModified, .changed, .refused: return .reject(.changed)
        }
    }

    /// Bytes are in the buffer of the stream that the flight is for.
    mutating func passed(_ id: FlightID, _ range: ByteRange, _ output: inout Output) {
        guard let reader = fills.direct[id]?.direct?.stream, let wanted = audience[reader]?.wanted else { return }
        fills.passed(id, range)
        audience.wants(ByteRange(max(wanted.lowerBound, range.upperBound), wanted.upperBound), for: reader)
        audience.wake(reader, &output)
    }

    mutating func endDirect(
        _ id: FlightID, _ flight: FlightState, _ outcome: FlightOutcome, now: ClockReading, _ output: inout Output
    ) {
        // Without its reader nothing is missing, and nothing has failed.
        guard let reader = flight.direct?.stream, audience[reader] != nil else { return }
        switch outcome {
        case .complete where flight.pending == nil: fills.succeeded()
        case .cancelled: break
        case .failed(let error, let retry): fail(reader, id, error, retry, now: now, &output)
        case .complete: fail(reader, id, .shortResponse, .later, now: now, &output)
        case .refused(let status): audience.overrule(reader, .failed(.status(status)), &output)
        case .bypass, .errorResponse, .unsatisfiable, .changed, .elsewhere:
            audience.overrule(reader, .failed(.changedWhileReading), &output)
        }
        planDirect(reader, &output)
    }

    private mutating func fail(
        _ reader: StreamID, _ id: FlightID, _ error: EngineError, _ retry: Retry, now: ClockReading,
        _ output: inout Output
    ) {
        if fills.tryAgain(id, retry, now: now, configuration, &output) { return }
        audience.overrule(reader, .failed(error), &output)
    }
}

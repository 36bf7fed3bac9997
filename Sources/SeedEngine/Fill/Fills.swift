import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// The flights of one task: which run, what they still bring, and when the origin is tried again.
struct Fills: Sendable {
    /// Those that fill the store.
    private(set) var flights: [FlightID: FlightState] = [:]
    /// Those whose bytes go past it, to one stream each.
    private(set) var direct: [FlightID: FlightState] = [:]
    private var next: FlightID = 1
    /// Where flights broke off: what goes on from there carries `If-Range` (rule:no-mixed-versions).
    private var cuts: Set<Int64> = []
    private var failures = RetryBudget()
    /// Flights wait for `resumed`: the origin failed a moment ago.
    private(set) var isBackingOff = false

    subscript(id: FlightID) -> FlightState? { flights[id] }

    var isEmpty: Bool { flights.isEmpty }

    // MARK: Beginning

    mutating func launch(
        _ state: FlightState, _ ask: RangeSpec, _ condition: RequestCondition, reserve: Int64,
        _ output: inout TaskMachine.Output
    ) -> FlightID {
        let id = next
        next += 1
        if state.direct == nil { flights[id] = state } else { direct[id] = state }
        output.effects.append(
            .start(
                FlightOrder(
                    id: id, request: state.request, ask: ask, purpose: state.purpose, condition: condition,
                    direct: state.direct, reserve: reserve, priority: state.priority)))
        return id
    }

    /// Starts a flight for a span of a known generation.
    mutating func launch(span state: FlightState, of generation: Generation, _ output: inout TaskMachine.Output) {
        guard let range = state.range else { return }
        let isResume = cuts.remove(range.lowerBound) != nil
        _ = launch(
            state, .bounded(first: range.lowerBound, last: range.upperBound - 1),
            isResume ? generation.validator.resumeCondition : generation.validator.spanCondition,
            reserve: range.count, &output)
    }

    // MARK: Past the store

    mutating func launch(direct state: FlightState, _ ask: RangeSpec, _ output: inout TaskMachine.Output) {
        guard let reader = state.direct else { return }
        _ = launch(state, ask, reader.generation.validator.resumeCondition, reserve: 0, &output)
    }

    func runsDirect(for stream: StreamID) -> Bool { direct.values.contains { $0.direct?.stream == stream } }

    mutating func passed(_ id: FlightID, _ range: ByteRange) {
        direct[id]?.written = range.upperBound
        failures.wrote(range.count)
    }

    mutating func removeDirect(_ id: FlightID) -> FlightState? {
        direct.isEmpty ? nil : direct.removeValue(forKey: id)
    }

    /// The stream is gone.
    mutating func cancelDirect(for stream: StreamID, _ output: inout TaskMachine.Output) {
        for id in direct.keys where direct[id]?.direct?.stream == stream { output.effects.append(.stop(id, at: nil)) }
    }

    mutating func cancelAllDirect(_ output: inout TaskMachine.Output) {
        for id in direct.keys.sorted() { output.effects.append(.stop(id, at: nil)) }
        direct = [:]
    }

    // MARK: Under way

    /// The bytes that flights are to bring and no other may fetch meanwhile.
    var claims: [ByteRange] { flights.values.compactMap(\.claimed) }

    /// What runs in the background takes no slot from what a client waits for.
    var foreground: Int { flights.values.count { $0.purpose != .completion } }

    var areAllInBackground: Bool { flights.values.allSatisfy { $0.purpose == .completion } }

    /// Whether a flight is to write into the range, or may be: a first contact's is not known yet.
    func mayWrite(into range: ByteRange) -> Bool {
        flights.values.contains { $0.claimed?.overlaps(range) ?? ($0.range == nil) }
    }

    /// A client waits for what a flight in the background is to bring. A prefetch may still be queueing: it makes room
    /// for a flight that is urgent. Any other is joined and takes the waiting stream's priority.
    mutating func overtake(at offset: Int64, _ priority: OriginPriority, _ output: inout TaskMachine.Output) {
        for (id, flight) in flights where priority < flight.priority && flight.claimed?.contains(offset) == true {
            if flight.priority == .prefetch, flight.purpose == .completion, flight.progress == 0 {
                flights[id]?.purpose = .demand
                output.effects.append(.stop(id, at: nil))
            } else {
                flights[id]?.priority = priority
                output.effects.append(.raise(id, priority))
            }
        }
    }

    /// A first contact's head told which bytes it brings.
    mutating func brings(_ id: FlightID, _ range: ByteRange) {
        flights[id]?.range = range
        flights[id]?.written = range.lowerBound
    }

    mutating func wrote(_ id: FlightID, _ range: ByteRange) {
        flights[id]?.written = range.upperBound
        failures.wrote(range.count)
    }

    /// The conditional request of a generation that is gone brings the first bytes of the next one.
    mutating func becomesFirstContact(_ id: FlightID, _ flight: FlightState) {
        var flight = flight
        flight.purpose = .firstContact
        flights[id] = flight
    }

    // MARK: Ending

    /// The flight is over, or no longer one of the generation's.
    mutating func remove(_ id: FlightID) -> FlightState? { flights.removeValue(forKey: id) }

    /// Ends a flight with the bytes before `end`.
    /// - Parameter isSkipping: an origin that ignores ranges may still be sending what lies before them.
    mutating func trim(_ id: FlightID, to end: Int64, isSkipping: Bool, _ output: inout TaskMachine.Output) {
        guard let flight = flights[id], let range = flight.range else { return }
        flights[id]?.range = ByteRange(range.lowerBound, end)
        flights[id]?.claimedEnd = flight.claimedEnd ?? range.upperBound
        output.effects.append(.stop(id, at: isSkipping ? nil : end))
    }

    /// Cancels all of them; none of these flights counts for what comes next.
    mutating func cancelAll(_ output: inout TaskMachine.Output) {
        for id in flights.keys.sorted() { output.effects.append(.stop(id, at: nil)) }
        flights = [:]
        cuts = []
    }

    // MARK: Failures

    mutating func brokeOff(at offset: Int64) { cuts.insert(offset) }

    mutating func succeeded() { failures = RetryBudget() }

    /// Counts a failure, and pauses before the next try.
    /// - Returns: false when the readers must be told instead.
    mutating func tryAgain(
        _ id: FlightID, _ retry: Retry, now: ClockReading, _ limits: EngineConfiguration,
        _ output: inout TaskMachine.Output
    ) -> Bool {
        let asked: Duration?
        switch retry {
        case .never: return false
        case .later: asked = nil
        case .after(let pause): asked = pause
        }
        switch failures.failed(id, next: next, asked: asked, now: now.monotonic, limits) {
        case .retry(let delay):
            if !isBackingOff { output.effects.append(.later(delay)) }
            isBackingOff = true
            return true
        case .giveUp:
            succeeded()
            return false
        }
    }

    /// The pause after a failure is over.
    mutating func resumed() { isBackingOff = false }
}

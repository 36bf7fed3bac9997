import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage

/// The streams of one task: who waits for what, who reads which generation, and what each is told.
struct Audience: Sendable {
    private(set) var demands: [StreamID: Demand] = [:]
    private var streams = 0
    /// Streams that read the current generation.
    private var readers = 0
    /// The generation before the current one, while streams read it.
    private(set) var departing: Departing? {
        didSet { departingEpoch = departing?.epoch }
    }
    /// Of `departing`, which is copied for a look at it.
    private(set) var departingEpoch: Int?

    subscript(id: StreamID) -> Demand? { demands[id] }

    // MARK: Streams

    mutating func begin() { streams += 1 }

    mutating func end() { streams -= 1 }

    var hasStreams: Bool { streams > 0 }

    var hasReaders: Bool { readers > 0 }

    /// A stream begins to read the current generation.
    mutating func enter() { readers += 1 }

    /// Counts a stream out of the generation it reads; an old one goes with its last.
    /// - Parameter current: the epoch of the current generation.
    mutating func leave(_ cursor: Cursor, current: Int?) {
        guard case .reading(let epoch, _) = cursor.phase else { return }
        if epoch == current { return readers -= 1 }
        guard epoch == departingEpoch else { return }
        departing?.readers -= 1
        if departing?.readers == 0 { departing = nil }
    }

    /// The generation is given up: its blocks stay for the streams that read them.
    mutating func retire(epoch: Int?, _ blocks: BlockMap?, withheldFrom: Int64?) {
        departing = nil
        if let epoch, let blocks, readers > 0 {
            departing = Departing(epoch: epoch, blocks: blocks, readers: readers, withheldFrom: withheldFrom)
        }
        readers = 0
    }

    /// Nothing is kept for those who read the current generation.
    mutating func dismissReaders() { readers = 0 }

    // MARK: Demands

    /// What streams of the hot path never had is not looked for.
    mutating func forget(_ id: StreamID) {
        if !demands.isEmpty { demands[id] = nil }
    }

    mutating func want(_ demand: Demand, for id: StreamID) { demands[id] = demand }

    /// A stream waits for what its client will be told before the first byte.
    mutating func awaitHead(_ cursor: Cursor, _ request: TaskRequest, window: Int64) {
        var demand = demands[cursor.id] ?? Demand(cursor, request, window: window)
        demand.isWaiting = true
        demands[cursor.id] = demand
    }

    /// What a stream still wants, after it was given something.
    mutating func wants(_ range: ByteRange, for id: StreamID) { demands[id]?.wanted = range }

    mutating func planned(_ id: StreamID, to offset: Int64) { demands[id]?.plannedTo = offset }

    /// What was thought to be under way may not come: plan each stream from where it stands.
    mutating func forgetPlans() {
        for (id, demand) in demands { demands[id]?.plannedTo = demand.wanted?.lowerBound ?? 0 }
    }

    /// All demands, the first come first.
    var inOrder: [(key: StreamID, value: Demand)] { demands.sorted { $0.key < $1.key } }

    /// Those of clients that were not told of an end yet, in order.
    var unsettled: [(id: StreamID, demand: Demand)] {
        inOrder.filter { $0.key != TaskMachine.hashStream && $0.value.result == nil }.map { ($0.key, $0.value) }
    }

    // MARK: Streams before their head

    /// The first of the streams that wait for their head, for which the origin is asked; one that wants bytes, if there is.
    var leader: StreamID? {
        let opening = demands.lazy.filter { $0.value.isOpening && !$0.value.request.isLed }
        return opening.filter { $0.value.request.wantsBody }.map(\.key).min() ?? opening.map(\.key).min()
    }

    var hasOpening: Bool { demands.values.contains { $0.isOpening && !$0.request.isLed } }

    mutating func leads(_ id: StreamID, _ purpose: FlightState.Purpose) { demands[id]?.leads = purpose }

    /// A revalidation's response turned into a first contact.
    mutating func leadersOfRevalidationLeadFirstContact() {
        for (id, demand) in demands where demand.leads == .revalidation { demands[id]?.leads = .firstContact }
    }

    /// - Parameter isAnswered: the origin has just spoken, so what these streams get is fresh whatever its age.
    mutating func wakeOpening(isAnswered: Bool = true, _ output: inout TaskMachine.Output) {
        for (id, demand) in inOrder where demand.wanted == nil {
            demands[id]?.isAnswered = isAnswered || demand.isAnswered
            wake(id, &output)
        }
    }

    mutating func settleOpening(_ result: PollResult, _ output: inout TaskMachine.Output) {
        for (id, demand) in inOrder where demand.wanted == nil {
            // What this object's origin says is not for another URL's clients.
            settle(id, demand.request.isLed ? .gone : result, &output)
        }
    }

    /// The origin refused a request: those are told who would be refused like this themselves.
    mutating func settleOpening(
        _ response: OriginErrorResponse, refusing request: TaskRequest, _ output: inout TaskMachine.Output
    ) {
        for (id, demand) in inOrder where demand.wanted == nil && response.refuses(demand.request, as: request) {
            settle(id, .origin(response), &output)
        }
    }

    // MARK: Telling

    mutating func settle(_ id: StreamID, _ result: PollResult, _ output: inout TaskMachine.Output) {
        guard let demand = demands[id], demand.result == nil else { return }
        if case .direct = result, demand.request.isLed {
            // Its own URL would be asked for the rest of another's bytes.
            demands[id]?.result = .failed(.changedWhileReading)
        } else {
            demands[id]?.result = result
        }
        wake(id, &output)
    }

    /// What a stream that reads past the store is told after all.
    mutating func overrule(_ id: StreamID, _ result: PollResult, _ output: inout TaskMachine.Output) {
        guard case .direct = demands[id]?.result else { return }
        demands[id]?.result = result
        wake(id, &output)
    }

    /// A stream took all there is.
    mutating func waits(_ id: StreamID) { demands[id]?.isWaiting = true }

    mutating func wake(_ id: StreamID, _ output: inout TaskMachine.Output) {
        guard demands[id]?.isWaiting == true else { return }
        demands[id]?.isWaiting = false
        output.effects.append(.wake(id))
    }
}

/// An old generation whose last readers take what is there of it; nothing is fetched for it any more.
struct Departing: Sendable {
    let epoch: Int
    let blocks: BlockMap
    fileprivate(set) var readers: Int
    /// It was not proven: a stream that wants all of it gets no bytes from here on.
    let withheldFrom: Int64?

    /// The end of what a reader may have, as `BlockMap.servable`.
    func servable(from offset: Int64, upTo limit: Int64, isWhole: Bool) -> Int64 {
        blocks.servable(from: offset, upTo: isWhole ? min(limit, withheldFrom ?? limit) : limit)
    }
}

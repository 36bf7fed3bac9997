import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

@testable import SeedEngine

/// Drives a task machine by hand and remembers what it wants done.
struct MachineDriver {
    static let block = BlockGrid.blockLength
    static let etag = Validator.etag("\"v1\"")

    var machine: TaskMachine
    var output = TaskMachine.Output()
    var now = ClockReading.start + .seconds(1_000)
    private let first: TaskRequest
    /// Of the streams whose rule is another than the first request's, by their number.
    private var requests: [StreamID: TaskRequest] = [:]
    private var nextStream: StreamID = 1

    /// - Parameter first: the request that the task is made for.
    init(
        for first: TaskRequest = .of("http://origin/object"), _ change: (inout EngineConfiguration) -> Void = { _ in }
    ) {
        self.first = first
        var configuration = EngineConfiguration()
        // One span at once keeps the orders of a test few.
        configuration.firstWindow = configuration.spanLength
        change(&configuration)
        machine = TaskMachine(configuration: configuration, first)
    }

    mutating func open(_ spec: RangeSpec?, _ rule: FreshnessRule = FreshnessRule()) -> Cursor {
        machine.beginStream()
        defer { nextStream += 1 }
        if rule != FreshnessRule() { requests[nextStream] = first.under(rule) }
        return Cursor(id: nextStream, spec: spec)
    }

    /// - Parameter request: nil: the one that the task was made for.
    mutating func poll(_ cursor: inout Cursor, _ request: TaskRequest? = nil, limit: Int64 = 1 << 30) -> PollResult {
        machine.poll(&cursor, request ?? requests[cursor.id] ?? first, limit: limit, .memory, now: now, &output)
    }

    mutating func close(_ cursor: Cursor) { machine.close(cursor, &output) }

    mutating func absent() { machine.absent(nil, &output) }

    /// The flights ordered since the last call.
    mutating func orders() -> [FlightOrder] {
        defer { output.effects.removeAll { if case .start = $0 { true } else { false } } }
        return output.effects.compactMap { if case .start(let order) = $0 { order } else { nil } }
    }

    mutating func takeEffects() -> [TaskMachine.Effect] {
        defer { output.effects = [] }
        return output.effects
    }

    mutating func takeChanges() -> [TaskEvent.Change] {
        defer { output.changes = [] }
        return output.changes
    }

    mutating func part(_ id: FlightID, _ lower: Int64, _ upper: Int64, of total: Int64, _ validator: Validator = etag)
        -> TaskMachine.HeadDecision
    {
        machine.head(
            id,
            JudgedHead(
                admission: .part(range: ByteRange(lower, upper), total: total, validator: validator), headers: [:],
                madeAt: now.wall, retry: .never),
            now: now, &output)
    }

    mutating func created() { machine.contentCreated(7, &output) }

    mutating func wrote(_ id: FlightID, _ lower: Int64, _ upper: Int64, spent: Duration = .zero) {
        guard let grid = machine.blocks?.grid else { return }
        var parts: [BlockMap.Fragment] = []
        var at = lower
        while at < upper {
            let end = min(upper, grid.range(of: grid.block(at: at)).upperBound)
            parts.append(.init(range: ByteRange(at, end), checksum: 0))
            at = end
        }
        machine.wrote(id, parts, spent: spent, now: now, &output)
    }

    mutating func ended(_ id: FlightID, _ outcome: TaskMachine.FlightOutcome = .complete) {
        machine.ended(id, outcome, now: now, &output)
    }

    /// The running revalidation is answered with another version, and ends.
    mutating func changeAtOrigin(to validator: Validator = .etag("\"v2\"")) {
        guard let id = orders().first(where: { $0.purpose == .revalidation })?.id else { return }
        _ = part(id, 0, 1, of: 1 << 30, validator)
        ended(id, .cancelled)
    }

    /// The pause after a failure passes.
    mutating func resume() {
        output.effects.removeAll { if case .later = $0 { true } else { false } }
        machine.resumed(&output)
    }

    /// A known task of 1 GiB, a client that reads all of it, and its flight, which has written the bytes before `end`.
    mutating func reading(upTo end: Int64) -> (Cursor, FlightOrder) {
        known(length: 1 << 30)
        var cursor = open(nil)
        _ = poll(&cursor)
        let order = orders()[0]
        wrote(order.id, 0, end)
        return (cursor, order)
    }

    /// What the index has of a task with pieces of 4 MiB: some complete, some with their first block alone.
    static func record(length: Int64, complete: [Int], partial: [Int]) -> (TaskRecord, [PieceRecord]) {
        let request = TaskRequest.of("http://origin/object")
        let task = TaskRecord(
            key: request.key, wireID: request.wireID, generation: 7, contentLength: length, pieceLength: 4 << 20,
            etag: "\"v1\"", lastModified: nil, headers: [:], url: request.url, tag: nil, application: nil,
            createdAt: .epoch, fetchedAt: .epoch, flags: [])
        let grid = BlockGrid(task.layout)
        let pieces = (complete + partial).sorted().map { number in
            let count = grid.blocks(inPiece: number)
            return PieceRecord(
                number: number, present: BlockSet(0..<(complete.contains(number) ? count : 1)),
                checksums: [UInt32](repeating: 0, count: count), createdAt: .epoch, updatedAt: .epoch)
        }
        return (task, pieces)
    }

    /// A task of this length whose first contact brought `[0, first)`.
    mutating func known(length: Int64, first: Int64 = 0, _ validator: Validator = etag) {
        var cursor = open(.bounded(first: 0, last: max(first, 1) - 1))
        _ = poll(&cursor)
        absent()
        let order = orders()[0]
        _ = part(order.id, 0, min(length, max(first, Self.block)), of: length, validator)
        created()
        if first > 0 { wrote(order.id, 0, first) }
        close(cursor)
        ended(order.id, .cancelled)
        machine.completion.forgetPieces()
        for order in orders() { ended(order.id, .cancelled) }
        output = TaskMachine.Output()
    }
}

extension TaskMachine {
    var blocks: BlockMap? { holdings.blocks }
    var flights: [FlightID: FlightState] { fills.flights }
    var departing: Departing? { audience.departing }
    var own: TaskRequest { identity.own }

    /// A client wants the whole object in the background.
    var prefetches: Bool {
        get { completion.wantsAll }
        set { newValue ? completion.wantAll() : completion.stop() }
    }
}

extension Timestamp {
    static let epoch = Timestamp(milliseconds: 0)
}

extension ClockReading {
    /// Where the clocks of driven machines begin.
    static let start = ClockReading(wall: .epoch, monotonic: MonotonicTime(nanoseconds: 0))

    static func -= (reading: inout ClockReading, duration: Duration) { reading += .zero - duration }
}

extension FlightOrder {
    var range: ByteRange? {
        if case .bounded(let first, let last) = ask { ByteRange(first, last + 1) } else { nil }
    }
}

extension TaskRequest {
    /// The same by another rule.
    func under(_ rule: FreshnessRule) -> TaskRequest {
        TaskRequest(
            key: key, wireID: wireID, url: url, headers: headers, commonHeaders: commonHeaders, freshness: rule)
    }

    /// One for the object at this URL, with these fields.
    static func of(_ url: String, _ headers: HTTPFields = [:], common: HTTPFields = [:]) -> TaskRequest {
        TaskRequest(
            key: StoreKey(bytes: [UInt8](repeating: 1, count: 32))!,  // as long as a key is
            wireID: TaskID("wire"), url: url, headers: headers, commonHeaders: common)
    }
}

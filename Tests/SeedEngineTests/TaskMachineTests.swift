import DragonflyIdentity
import HTTPTypes
import SeedOrigin
import SeedStorage
import Testing

@testable import SeedEngine

/// Drives a task machine by hand and remembers what it wants done.
struct MachineDriver {
    static let block = BlockGrid.blockLength
    static let etag = Validator.etag("\"v1\"")

    var machine: TaskMachine
    var actions: [TaskMachine.Action] = []
    var now: Int64 = 1_000_000
    private var nextStream: StreamID = 1

    init(_ change: (inout EngineConfiguration) -> Void = { _ in }) {
        var configuration = EngineConfiguration()
        change(&configuration)
        machine = TaskMachine(configuration: configuration, pieceLength: nil)
    }

    mutating func open(_ spec: RangeSpec?) -> Cursor {
        machine.beginStream()
        defer { nextStream += 1 }
        return Cursor(id: nextStream, spec: spec)
    }

    mutating func poll(_ cursor: inout Cursor, limit: Int64 = 1 << 30) -> Verdict {
        machine.poll(&cursor, limit: limit, now: now, &actions)
    }

    mutating func close(_ cursor: Cursor) { machine.close(cursor, &actions) }

    mutating func absent() { machine.loaded(nil, [], &actions) }

    /// The flights ordered since the last call.
    mutating func orders() -> [FlightOrder] {
        defer { actions.removeAll { if case .start = $0 { true } else { false } } }
        return actions.compactMap { if case .start(let order) = $0 { order } else { nil } }
    }

    mutating func takeActions() -> [TaskMachine.Action] {
        defer { actions = [] }
        return actions
    }

    mutating func part(_ id: FlightID, _ lower: Int64, _ upper: Int64, of total: Int64, _ validator: Validator = etag)
        -> TaskMachine.HeadVerdict
    {
        machine.head(
            id, .part(range: ByteRange(lower, upper), total: total, validator: validator), headers: [:], now: now,
            &actions)
    }

    mutating func created() { machine.contentCreated(7, &actions) }

    mutating func wrote(_ id: FlightID, _ lower: Int64, _ upper: Int64) {
        guard let grid = machine.blocks?.grid else { return }
        var parts: [BlockMap.Fragment] = []
        var at = lower
        while at < upper {
            let end = min(upper, grid.range(of: grid.block(at: at)).upperBound)
            parts.append(.init(range: ByteRange(at, end), checksum: 0))
            at = end
        }
        machine.wrote(id, parts, now: now, &actions)
    }

    mutating func ended(_ id: FlightID, _ outcome: TaskMachine.FlightOutcome = .complete) {
        machine.ended(id, outcome, now: now, &actions)
    }

    /// A task of this length whose first contact brought `[0, first)`.
    mutating func known(length: Int64, first: Int64 = 0) {
        var cursor = open(.bounded(first: 0, last: max(first, 1) - 1))
        _ = poll(&cursor)
        absent()
        let order = orders()[0]
        _ = part(order.id, 0, min(length, max(first, Self.block)), of: length)
        created()
        if first > 0 { wrote(order.id, 0, first) }
        close(cursor)
        ended(order.id, .cancelled)
        machine.touched = []
        for order in orders() { ended(order.id, .cancelled) }
        actions = []
    }
}

extension FlightOrder {
    var range: ByteRange? {
        if case .bounded(let first, let last) = ask { ByteRange(first, last + 1) } else { nil }
    }
}

@Suite("Task machine: first contact")
struct FirstContactTests {
    @Test("The first origin request is the bounded range of the wanted bytes, to the end of their block")
    func firstAsk() {
        let block = MachineDriver.block
        let cases: [(RangeSpec?, RangeSpec)] = [
            (nil, .bounded(first: 0, last: (8 << 20) - 1)),
            (.bounded(first: 1000, last: 5095), .bounded(first: 1000, last: block - 1)),
            (.bounded(first: 1000, last: block), .bounded(first: 1000, last: 2 * block - 1)),
            (.bounded(first: 10, last: 1 << 40), .bounded(first: 10, last: 10 + (8 << 20) - 1)),
            (.from(77), .bounded(first: 77, last: 77 + (8 << 20) - 1)),
            (.suffix(500), .suffix(500)),
        ]
        for (spec, ask) in cases {
            var driver = MachineDriver()
            var cursor = driver.open(spec)
            #expect(driver.poll(&cursor) == .wait)
            #expect(driver.takeActions() == [.load])
            driver.absent()
            #expect(driver.orders().map(\.ask) == [ask])
        }
    }

    @Test("Requests that come during the first contact share it")
    func collapsed() {
        var driver = MachineDriver()
        var first = driver.open(nil)
        var second = driver.open(nil)
        _ = driver.poll(&first)
        _ = driver.poll(&second)
        driver.absent()
        #expect(driver.orders().count == 1)
        _ = driver.part(1, 0, 8 << 20, of: 16 << 20)
        guard case .head(let facts) = driver.poll(&second) else { Issue.record("unexpected verdict"); return }
        #expect(facts.cacheStatus == .miss(collapsed: true))
        guard case .head(let led) = driver.poll(&first) else { Issue.record("unexpected verdict"); return }
        #expect(led.cacheStatus == .miss(collapsed: false))
        #expect(driver.orders().isEmpty)
    }

    @Test("The head leaves as soon as length and validator are known, before any byte")
    func headAtOnce() {
        var driver = MachineDriver()
        var cursor = driver.open(.bounded(first: 100, last: 199))
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.part(1, 100, MachineDriver.block, of: 1 << 30)
        #expect(driver.takeActions().contains(.wake(cursor.id)))
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("unexpected verdict"); return }
        #expect(facts.range == ByteRange(100, 200))
        #expect(facts.generation.length == 1 << 30)
        #expect(driver.poll(&cursor) == .wait)
    }

    @Test("A range beyond the end is told so, and the others ask again with their own range")
    func unsatisfiable() {
        var driver = MachineDriver()
        var beyond = driver.open(.from(500))
        var within = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&beyond)
        _ = driver.poll(&within)
        driver.absent()
        _ = driver.orders()
        driver.ended(1, .unsatisfiable(length: 100))
        #expect(driver.poll(&beyond) == .unsatisfiable(length: 100))
        #expect(driver.orders().map(\.ask) == [.bounded(first: 0, last: MachineDriver.block - 1)])
    }

    @Test("An origin that refuses a satisfiable range does not make us ask for ever")
    func falseRefusal() {
        var driver = MachineDriver()
        var cursor = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.orders()
        driver.ended(1, .unsatisfiable(length: 100))
        guard case .failed = driver.poll(&cursor) else { Issue.record("unexpected verdict"); return }
        #expect(driver.orders().isEmpty)
    }

    @Test("Without validator an answer that is not the whole object goes straight through")
    func noValidator() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        #expect(driver.part(1, 0, 8 << 20, of: 16 << 20, .none) == .reject(.bypass(.noValidator)))
        driver.ended(1, .bypass(.noValidator))
        #expect(driver.poll(&cursor) == .bypass(.noValidator))
    }

    @Test("Lengths that no object has are refused, so that offsets can be added without overflow")
    func hostileLengths() {
        let part = OriginHead(
            status: 206,
            headers: [
                .contentRange: "bytes 9223372036854775800-9223372036854775806/9223372036854775807", .eTag: "\"v1\"",
            ])
        let whole = OriginHead(status: 200, headers: [.contentLength: "9223372036854775807", .eTag: "\"v1\""])
        #expect(AnswerAdmission.judge(part, asked: .suffix(7)) == .refused(.tooLong(.max)))
        #expect(AnswerAdmission.judge(whole, asked: nil) == .refused(.tooLong(.max)))
        var driver = MachineDriver()
        var cursor = driver.open(.from(.max))
        #expect(driver.poll(&cursor) == .bypass(.beyondReach))
    }

    @Test("A failed first contact is tried again within the budget, then told")
    func retried() {
        var driver = MachineDriver { $0.maxRetries = 1 }
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let error = EngineError(.originUnreachable, "x")
        _ = driver.orders()
        driver.ended(1, .failed(error, isRetryable: true))
        #expect(driver.orders().count == 1)
        driver.ended(2, .failed(error, isRetryable: true))
        #expect(driver.orders().isEmpty)
        #expect(driver.poll(&cursor) == .failed(error))
    }

    @Test("When the only client leaves before the answer, the request is cancelled")
    func cancelled() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.takeActions()
        driver.close(cursor)
        #expect(driver.takeActions() == [.stop(1, at: nil)])
        driver.ended(1, .cancelled)
        #expect(driver.machine.isIdle)
    }
}

@Suite("Task machine: spans")
struct SpanTests {
    @Test("Nothing but the first flight starts before the content file exists")
    func waitsForFile() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.orders()
        _ = driver.part(1, 0, 8 << 20, of: 64 << 20)
        _ = driver.poll(&cursor)
        #expect(driver.orders().isEmpty)
        driver.created()
        driver.wrote(1, 0, 4 << 20)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(0, 4 << 20)))
        #expect(driver.orders().map(\.range) == [ByteRange(8 << 20, 12 << 20)])
    }

    @Test("A client that keeps up gets more parallel spans; the limit is the configured one")
    func windowGrows() {
        var driver = MachineDriver { $0.concurrentFlights = 4 }
        driver.known(length: 1 << 30)
        var cursor = driver.open(nil)
        guard case .head = driver.poll(&cursor) else { Issue.record("unexpected verdict"); return }
        var flying = driver.orders()
        #expect(flying.count == 1)
        var most = 0
        for _ in 0..<40 {
            guard !flying.isEmpty else { break }
            let order = flying.removeFirst()
            let range = order.range ?? ByteRange(0, 0)
            driver.wrote(order.id, range.lowerBound, range.upperBound)
            driver.ended(order.id)
            while driver.poll(&cursor) != .wait {}
            flying += driver.orders()
            most = max(most, flying.count)
        }
        #expect(most == 4)
        #expect(driver.machine.flights.count <= 4)
    }

    @Test("A client that reads slowly holds the window small, and causes no tiny spans")
    func slowReader() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        var asked: Int64 = 0
        var taken: Int64 = 0
        for _ in 0..<400 {
            for order in driver.orders() {
                guard let range = order.range else { continue }
                #expect(range.count >= 4 << 20)
                asked += range.count
                driver.wrote(order.id, range.lowerBound, range.upperBound)
                driver.ended(order.id)
            }
            guard case .bytes(let given) = driver.poll(&cursor, limit: 65536) else {
                Issue.record("unexpected verdict"); return
            }
            taken += given.count
            #expect(asked - taken <= 8 << 20)
        }
    }

    @Test("No byte is fetched twice: flights never overlap, whoever asks")
    func noOverlap() {
        var driver = MachineDriver()
        driver.known(length: 100 << 20)
        let specs: [RangeSpec?] = [
            nil, .bounded(first: 5_000_000, last: 9_000_000), .from(90 << 20), .suffix(1000),
            .bounded(first: 3, last: 3),
        ]
        var all: [ByteRange] = []
        for spec in specs {
            var cursor = driver.open(spec)
            _ = driver.poll(&cursor)
            for range in driver.orders().compactMap(\.range) {
                #expect(!all.contains { $0.overlaps(range) })
                all.append(range)
            }
        }
        #expect(all.count >= 3)
    }

    @Test("A range inside a block is fetched from its first byte to the block's end, and the head of the block later")
    func tailFirst() {
        let block = MachineDriver.block
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(.bounded(first: 10 * block + 1000, last: 10 * block + 5095))
        guard case .head = driver.poll(&cursor) else { Issue.record("unexpected verdict"); return }
        let order = driver.orders()[0]
        #expect(order.range == ByteRange(10 * block + 1000, 11 * block))
        driver.wrote(order.id, 10 * block + 1000, 11 * block)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(10 * block + 1000, 10 * block + 5096)))
        driver.ended(order.id)
        let completion = driver.orders()
        #expect(completion.map(\.range) == [ByteRange(10 * block, 10 * block + 1000)])
        #expect(completion.map(\.isCompletion) == [true])
        driver.wrote(completion[0].id, 10 * block, 10 * block + 1000)
        driver.ended(completion[0].id)
        #expect(driver.orders().isEmpty)
    }

    @Test("A quarter of a piece demanded: the rest is fetched too; less: it is not")
    func quarterRule() {
        let block = MachineDriver.block
        for (blocks, isCompleted) in [(3, false), (4, true)] {
            var driver = MachineDriver()
            driver.known(length: 1 << 30)
            var cursor = driver.open(.bounded(first: 0, last: Int64(blocks) * block - 1))
            _ = driver.poll(&cursor)
            let order = driver.orders()[0]
            driver.wrote(order.id, 0, Int64(blocks) * block)
            _ = driver.poll(&cursor)
            driver.ended(order.id)
            driver.close(cursor)
            let rest = ByteRange(Int64(blocks) * block, 4 << 20)
            #expect(driver.orders().map(\.range) == (isCompleted ? [rest] : []))
        }
    }

    @Test("Nobody waits any more: the flight ends with the block it is in")
    func trimmed() {
        let block = MachineDriver.block
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.wrote(order.id, 0, block + 10)
        _ = driver.takeActions()
        driver.close(cursor)
        #expect(driver.takeActions() == [.stop(order.id, at: 2 * block)])
        // Bytes beyond the trim that were already on their way are not taken in: a later flight may fetch them.
        driver.wrote(order.id, block + 10, 3 * block)
        #expect(driver.machine.blocks?.servable(from: 0, upTo: 4 << 20) == 2 * block)
    }

    @Test("A flight that another client still reads goes on")
    func keptForOthers() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var first = driver.open(nil)
        var second = driver.open(nil)
        _ = driver.poll(&first)
        _ = driver.poll(&second)
        _ = driver.takeActions()
        driver.close(first)
        #expect(driver.takeActions().isEmpty)
    }

    @Test("A flight that dies is taken up at the byte where it died")
    func resumed() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(.bounded(first: 0, last: (8 << 20) - 1))
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.wrote(order.id, 0, 123_457)
        driver.ended(order.id, .failed(.shortAnswer, isRetryable: true))
        let next = driver.orders()
        #expect(next.map(\.range) == [ByteRange(123_457, 8 << 20)])
        #expect(next.map(\.validator) == [MachineDriver.etag])
    }

    @Test("A flight that fails again and again without progress fails its readers")
    func failsReaders() {
        var driver = MachineDriver { $0.maxRetries = 2 }
        driver.known(length: 1 << 30)
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        _ = driver.poll(&cursor)
        var starts = 0
        while let order = driver.orders().first {
            starts += 1
            driver.ended(order.id, .failed(.shortAnswer, isRetryable: true))
        }
        #expect(starts == 3)
        #expect(driver.poll(&cursor) == .failed(.shortAnswer))
    }

    @Test("The tail of a block behind the last wanted byte is not tried again and again")
    func unwantedTail() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.wrote(order.id, 0, 100)
        driver.ended(order.id, .failed(.shortAnswer, isRetryable: false))
        #expect(driver.orders().isEmpty)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(0, 100)))
    }

    @Test("Eight flights that one outage ends count as one failure, and flights that brought a block as none")
    func oneOutage() {
        var driver = MachineDriver { $0.maxRetries = 1 }
        driver.known(length: 1 << 30)
        var cursors: [Cursor] = []
        for index in 0..<8 {
            var cursor = driver.open(.bounded(first: Int64(index) << 25, last: Int64(index) << 25 + 999_999))
            _ = driver.poll(&cursor)
            _ = driver.poll(&cursor)
            cursors.append(cursor)
        }
        for order in driver.orders() { driver.ended(order.id, .failed(.shortAnswer, isRetryable: true)) }
        for var cursor in cursors { #expect(driver.poll(&cursor) == .wait) }
    }

    @Test("A trimmed flight's bytes stay its own until it has ended, so that none is written twice")
    func claimed() {
        let block = MachineDriver.block
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.wrote(order.id, 0, block + 10)
        driver.close(cursor)
        var next = driver.open(.bounded(first: 3 * block, last: 4 * block - 1))
        _ = driver.poll(&next)
        #expect(driver.orders().isEmpty)
        driver.wrote(order.id, block + 10, 2 * block)
        driver.ended(order.id)
        #expect(driver.orders().map(\.range) == [ByteRange(3 * block, 4 * block)])
    }

    @Test("After a 200 to a range there is one flight at a time, and bytes before the wanted ones are thrown away")
    func sequential() {
        var driver = MachineDriver()
        driver.known(length: 100 << 20)
        var cursor = driver.open(.bounded(first: 50 << 20, last: (70 << 20) - 1))
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        let verdict = driver.machine.head(
            order.id, .whole(length: 100 << 20, validator: MachineDriver.etag), headers: [:], now: 0, &driver.actions)
        guard case .keep(let keep) = verdict else { Issue.record("unexpected verdict"); return }
        #expect(keep.bodyStart == 0)
        #expect(keep.range == order.range)
        _ = driver.poll(&cursor)
        #expect(driver.orders().isEmpty)
    }
}

@Suite("Task machine: generations and checks")
struct GenerationTests {
    @Test("A changed object: streams with a head out are failed, new requests start on the new generation")
    func changed() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: MachineDriver.block)
        var reading = driver.open(nil)
        _ = driver.poll(&reading)
        let order = driver.orders()[0]
        driver.ended(order.id, .changed)
        #expect(driver.takeActions().contains { if case .remove = $0 { true } else { false } })
        guard case .failed(let error) = driver.poll(&reading) else { Issue.record("unexpected verdict"); return }
        #expect(error.kind == .changed)
        var fresh = driver.open(nil)
        _ = driver.poll(&fresh)
        #expect(driver.orders().map(\.validator) == [.none])
    }

    @Test("Bytes of a flight of the old generation never enter the new one")
    func lateBytes() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var reading = driver.open(nil)
        _ = driver.poll(&reading)
        var other = driver.open(.bounded(first: 500 << 20, last: 501 << 20))
        _ = driver.poll(&other)
        let orders = driver.orders()
        driver.ended(orders[0].id, .changed)
        var fresh = driver.open(nil)
        _ = driver.poll(&fresh)
        let probe = driver.orders()[0]
        _ = driver.part(probe.id, 0, 8 << 20, of: 1 << 30, .etag("\"v2\""))
        driver.created()
        driver.wrote(orders[1].id, 500 << 20, 501 << 20)
        #expect(driver.machine.blocks?.holds(ByteRange(500 << 20, 500 << 20 + 1)) == false)
    }

    @Test("An object that moves four times within a minute goes straight through")
    func unstable() {
        var driver = MachineDriver()
        driver.machine.moves = [driver.now, driver.now, driver.now]
        driver.known(length: 1 << 30)
        var reading = driver.open(nil)
        _ = driver.poll(&reading)
        let order = driver.orders()[0]
        driver.ended(order.id, .changed)
        var fresh = driver.open(nil)
        #expect(driver.poll(&fresh) == .bypass(.unstable))
        driver.now += 61_000
        var later = driver.open(nil)
        #expect(driver.poll(&later) == .wait)
    }

    @Test("A client that leaves between head and first byte leaves no task that others wait for in vain")
    func leftBeforeFirstByte() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.orders()
        _ = driver.part(1, 0, 8 << 20, of: 1 << 30)
        _ = driver.poll(&cursor)
        driver.close(cursor)
        #expect(driver.takeActions().contains(.stop(1, at: 0)))
        driver.ended(1, .complete)
        var next = driver.open(nil)
        #expect(driver.poll(&next) == .wait)
        #expect(driver.orders().count == 1)
    }

    @Test("A single response that lost its readers is given up whole: no second response adds to it")
    func oneResponse() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.orders()
        _ = driver.machine.head(
            1, .whole(length: 32 << 20, validator: .none), headers: [:], now: 0, &driver.actions)
        driver.created()
        driver.wrote(1, 0, 1 << 20)
        _ = driver.poll(&cursor)
        _ = driver.takeActions()
        driver.close(cursor)
        #expect(driver.takeActions() == [.stop(1, at: nil)])
        var other = driver.open(nil)
        _ = driver.poll(&other)
        #expect(driver.orders().isEmpty)
        driver.ended(1, .cancelled)
        #expect(driver.machine.generation == nil)
        guard case .failed = driver.poll(&other) else {
            Issue.record("unexpected verdict")
            return
        }
    }

    @Test("An answer that varies by more than the encoding goes straight through")
    func varies() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let part = AnswerAdmission.part(range: ByteRange(0, 10), total: 10, validator: MachineDriver.etag)
        let verdict = driver.machine.head(1, part, headers: [.vary: "Accept-Encoding, Accept"], now: 0, &driver.actions)
        #expect(verdict == .reject(.bypass(.varies)))
    }

    @Test("Stored blocks are checked before they are served, and a bad one is fetched again")
    func checks() throws {
        let block = MachineDriver.block
        var driver = MachineDriver()
        var cursor = driver.open(.bounded(first: 0, last: 2 * block - 1))
        _ = driver.poll(&cursor)
        _ = driver.takeActions()
        let key = try #require(StoreKey(bytes: [UInt8](repeating: 1, count: 32)))
        let record = TaskRecord(
            key: key, wireID: TaskID("w"), generation: 3, contentLength: 2 * block, pieceLength: 4 << 20,
            etag: "\"v1\"", lastModified: nil, headers: [:], url: "http://h/", tag: nil, application: nil,
            createdAt: 0, fetchedAt: 0, flags: [])
        let piece = PieceRecord(number: 0, present: BlockSet(0..<2), checksums: [1, 2], createdAt: 0, updatedAt: 0)
        driver.machine.loaded(record, [piece], &driver.actions)
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("unexpected verdict"); return }
        #expect(facts.cacheStatus == .hit)
        let indexes = [BlockIndex(piece: 0, block: 0), BlockIndex(piece: 0, block: 1)]
        let checks = zip(indexes, [1, 2] as [UInt32]).map { TaskMachine.BlockCheck(index: $0, checksum: $1) }
        #expect(driver.takeActions().contains(.check(checks, epoch: 1)))
        #expect(driver.poll(&cursor) == .wait)
        let epoch = try #require(driver.machine.generation?.epoch)
        driver.machine.checked(indexes[0], epoch: epoch, isGood: true, now: 0, &driver.actions)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(0, block)))
        driver.machine.checked(indexes[1], epoch: epoch, isGood: false, now: 0, &driver.actions)
        #expect(driver.orders().map(\.range) == [ByteRange(block, 2 * block)])
        #expect(driver.poll(&cursor) == .wait)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import Testing

@testable import SeedEngine

/// rule:originating-request: no origin request runs under the latest request.
@Suite("Task machine: whose request the origin gets")
struct OwnRequestTests {
    private let victim = TaskRequest.of("http://origin/object", [.userAgent: "victim"])
    /// One that has a field of which nobody knows whether it matters.
    private let special = TaskRequest.of("http://origin/object", [.referer: "http://page/"])
    private let stranger = TaskRequest.of("http://origin/x/../object", [.userAgent: "evilbot"])

    private func refusal(_ status: Int) -> TaskMachine.FlightOutcome {
        .errorResponse(OriginErrorResponse(status: status, headers: [:], body: Bytes()))
    }

    /// A task of 1 GiB that the first request made known, with a reader of it who waits for its second span.
    private func reading(_ first: TaskRequest) -> (driver: MachineDriver, cursor: Cursor) {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor, first)
        driver.absent()
        let order = driver.orders()[0]
        #expect(order.request === first)
        _ = driver.part(order.id, 0, 8 << 20, of: 1 << 30)
        driver.created()
        driver.wrote(order.id, 0, 8 << 20)
        driver.ended(order.id)
        _ = driver.poll(&cursor, first)
        _ = driver.poll(&cursor, first)
        #expect(driver.poll(&cursor, first) == .wait)
        return (driver, cursor)
    }

    @Test("Spans, for whomever they are, and confirmations are asked for as the request asked that began")
    func spans() {
        var (driver, cursor) = reading(victim)
        #expect(driver.orders().allSatisfy { $0.request === victim })
        var other = driver.open(.bounded(first: 900 << 20, last: (900 << 20) + 9))
        _ = driver.poll(&other, stranger)
        #expect(driver.poll(&other, stranger) == .wait)
        let orders = driver.orders()
        #expect(orders.count == 1 && orders[0].request === victim)
        driver.now += .seconds(301)
        var late = driver.open(.bounded(first: 0, last: 9))
        #expect(driver.poll(&late, stranger) == .wait)
        let asked = driver.orders()
        #expect(asked.map(\.purpose) == [.revalidation] && asked[0].request === victim)
        _ = driver.poll(&cursor, victim)
    }

    @Test(
        "A refusal of the first contact goes to the readers with equal requests; for the others a neutral request is made",
        arguments: [403, 404])
    func firstContact(_ status: Int) {
        var driver = MachineDriver()
        var first = driver.open(nil)
        var alike = driver.open(nil)
        var second = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&first, stranger)
        _ = driver.poll(&alike, .of(stranger.url, stranger.headers))
        _ = driver.poll(&second, victim)
        driver.absent()
        let order = driver.orders()[0]
        #expect(order.request === stranger)
        driver.ended(order.id, refusal(status))
        let response = PollResult.origin(OriginErrorResponse(status: status, headers: [:], body: Bytes()))
        #expect(driver.poll(&first, stranger) == response)
        #expect(driver.poll(&alike, stranger) == response)
        #expect(driver.poll(&second, victim) == .wait)
        let next = driver.orders()
        #expect(next.count == 1 && next[0].request.isNeutral && next[0].request.url == victim.url)
        _ = driver.part(next[0].id, 0, MachineDriver.block, of: 1 << 30)
        guard case .head = driver.poll(&second, victim) else { Issue.record("no head"); return }
    }

    @Test("After a refused neutral request the object is requested as the client asks")
    func ownFieldsCount() {
        var driver = MachineDriver()
        var first = driver.open(nil)
        var second = driver.open(nil)
        _ = driver.poll(&first, stranger)
        _ = driver.poll(&second, special)
        driver.absent()
        for _ in 0..<2 { driver.ended(driver.orders()[0].id, refusal(404)) }
        #expect(driver.poll(&second, special) == .wait)
        #expect(driver.orders().map(\.request) == [special])
    }

    @Test("That there is nothing costs two requests, however many clients wait", arguments: [404, 410])
    func nothingThere(_ status: Int) {
        var driver = MachineDriver()
        let requests = (0..<1_000).map { TaskRequest.of(victim.url, [.userAgent: "client/\($0)"]) }
        var cursors = requests.map { _ in driver.open(nil) }
        for index in requests.indices { _ = driver.poll(&cursors[index], requests[index]) }
        driver.absent()
        var asked = 0
        while let order = driver.orders().first {
            asked += 1
            driver.ended(order.id, refusal(status))
        }
        #expect(asked == 2)
        let response = PollResult.origin(OriginErrorResponse(status: status, headers: [:], body: Bytes()))
        for index in requests.indices { #expect(driver.poll(&cursors[index], requests[index]) == response) }
    }

    @Test("After four refusals of others the remaining requests pass straight through")
    func manyRefusals() {
        var driver = MachineDriver()
        let strangers = (0..<6).map { TaskRequest.of("http://origin/\($0)") }
        var cursors = strangers.map { _ in driver.open(nil) }
        var last = driver.open(nil)
        for index in strangers.indices { _ = driver.poll(&cursors[index], strangers[index]) }
        _ = driver.poll(&last, victim)
        driver.absent()
        for _ in 0..<4 {
            let orders = driver.orders()
            #expect(orders.count == 1)
            driver.ended(orders[0].id, refusal(404))
        }
        #expect(driver.orders().isEmpty)
        #expect(driver.poll(&last, victim) == .bypass(.refusedOthers))
        #expect(driver.poll(&cursors[5], strangers[5]) == .bypass(.refusedOthers))
    }

    @Test("A refused span ends the readers with equal requests; the others' own requests are tried")
    func refusedSpan() {
        var (driver, cursor) = reading(stranger)
        var other = driver.open(.bounded(first: 8 << 20, last: (8 << 20) + 99))
        _ = driver.poll(&other, victim)
        #expect(driver.poll(&other, victim) == .wait)
        let orders = driver.orders()
        #expect(orders.allSatisfy { $0.request === stranger })
        for order in orders { driver.ended(order.id, .refused(status: 403)) }
        #expect(driver.poll(&cursor, stranger) == .failed(.status(403)))
        let next = driver.orders()
        #expect(!next.isEmpty && next.allSatisfy { $0.request === victim })
        _ = driver.part(next[0].id, 8 << 20, 9 << 20, of: 1 << 30)
        driver.wrote(next[0].id, 8 << 20, 9 << 20)
        #expect(driver.poll(&other, victim) == .bytes(ByteRange(8 << 20, (8 << 20) + 100)))
        #expect(driver.machine.own === victim)
    }

    @Test("A reader whose own request was never refused goes on alone after four refusals of others")
    func refusedSpans() {
        var (driver, cursor) = reading(stranger)
        let span = RangeSpec.bounded(first: 8 << 20, last: (8 << 20) + 99)
        let others = (0..<4).map { TaskRequest.of("http://origin/\($0)") }
        var cursors = others.map { _ in driver.open(span) }
        for index in others.indices {
            _ = driver.poll(&cursors[index], others[index])
            #expect(driver.poll(&cursors[index], others[index]) == .wait)
        }
        for asked in [stranger] + others.dropLast() {
            let orders = driver.orders().filter { $0.range?.contains(8 << 20) == true }
            #expect(orders.map(\.request) == [asked])
            for order in orders { driver.ended(order.id, .refused(status: 403)) }
        }
        #expect(driver.poll(&cursor, stranger) == .failed(.status(403)))
        for index in others.indices.dropLast() {
            #expect(driver.poll(&cursors[index], others[index]) == .failed(.status(403)))
        }
        guard case .direct = driver.poll(&cursors[3], others[3]) else { Issue.record("cut"); return }
    }

    @Test("A refusal that no reader waits for does not end a prefetch")
    func refusedForNobody() throws {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: MachineDriver.block)
        driver.machine.prefetches = true
        var cursor = driver.open(.bounded(first: 512 << 20, last: (513 << 20) - 1))
        _ = driver.poll(&cursor)
        let order = try #require(driver.orders().first { $0.purpose == .demand })
        driver.close(cursor)
        #expect(driver.machine.flights[order.id]?.pending == nil)
        driver.ended(order.id, .refused(status: 403))
        #expect(driver.machine.prefetches && driver.orders().contains { $0.purpose == .completion })
    }

    @Test("A refused revalidation ends the readers with equal requests; the others keep what is confirmed to them")
    func refusedConfirmation() throws {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: MachineDriver.block)
        driver.now += .seconds(301)
        var first = driver.open(.bounded(first: 0, last: 9))
        var second = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&first)
        _ = driver.poll(&second, special)
        let order = try #require(driver.orders().first)
        driver.ended(order.id, refusal(404))
        #expect(driver.poll(&first) == .origin(OriginErrorResponse(status: 404, headers: [:], body: Bytes())))
        let next = try #require(driver.orders().first)
        #expect(next.purpose == .revalidation && next.request === special)
        let now = driver.now
        _ = driver.machine.head(
            next.id, JudgedHead(admission: .notModified, headers: [:], madeAt: now.wall, retry: .never), now: now,
            &driver.output)
        driver.ended(next.id, .cancelled)
        guard case .head = driver.poll(&second, special) else { Issue.record("no head"); return }
        #expect(driver.poll(&second, special) == .bytes(ByteRange(0, 10)))
    }

    @Test("404 for all who ask ends what was held, and so it does without another reader")
    func gone() throws {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: MachineDriver.block)
        driver.now += .seconds(301)
        var cursor = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&cursor)
        driver.ended(try #require(driver.orders().first).id, refusal(404))
        #expect(driver.poll(&cursor) == .origin(OriginErrorResponse(status: 404, headers: [:], body: Bytes())))
        #expect(driver.machine.generation == nil)
    }

    /// A task that the index tells of, and a reader of it who was the first to come.
    private func loaded(for first: TaskRequest, fetchedAt age: Duration = .zero) throws -> (MachineDriver, Cursor) {
        var driver = MachineDriver(for: first)
        var cursor = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&cursor, first)
        let key = try #require(StoreKey(bytes: [UInt8](repeating: 1, count: 32)))
        let record = TaskRecord(
            key: key, wireID: TaskID("wire"), generation: 1, contentLength: 1 << 20, pieceLength: 4 << 20,
            etag: "\"v1\"", url: "http://origin/elsewhere", createdAt: driver.now.wall,
            fetchedAt: driver.now.wall - age)
        driver.machine.loaded(record, [], &driver.output)
        _ = driver.poll(&cursor, first)
        return (driver, cursor)
    }

    @Test("After a restart the origin is asked by a neutral request for the URL that the bytes came from")
    func restarted() throws {
        let odd = TaskRequest.of(
            "http://origin/object", [.userAgent: "evilbot", .via: "1.1 us"], common: [.via: "1.1 us"])
        var (driver, cursor) = try loaded(for: odd)
        #expect(driver.poll(&cursor, odd) == .wait)
        let orders = driver.orders()
        #expect(orders.map(\.request.url) == ["http://origin/elsewhere"])
        #expect(orders.map(\.request.headers) == [[.via: "1.1 us"]])
    }

    @Test("After a restart a 404 drops what was held only if the request was neutral")
    func goneAfterRestart() throws {
        var (driver, cursor) = try loaded(for: stranger, fetchedAt: .seconds(301))
        let first = try #require(driver.orders().first)
        #expect(first.purpose == .revalidation && first.request.isNeutral)
        driver.ended(first.id, refusal(403))
        let second = try #require(driver.orders().first)
        #expect(second.request === stranger)
        driver.ended(second.id, refusal(404))
        guard case .origin = driver.poll(&cursor, stranger) else { Issue.record("not told"); return }
        #expect(driver.machine.generation != nil)

        (driver, cursor) = try loaded(for: stranger, fetchedAt: .seconds(301))
        driver.ended(try #require(driver.orders().first).id, refusal(404))
        driver.ended(try #require(driver.orders().first).id, refusal(404))
        guard case .origin = driver.poll(&cursor, stranger) else { Issue.record("not told"); return }
        #expect(driver.machine.generation == nil)
    }

    @Test("A 416 without a length goes to the readers of that range; the others request theirs")
    func refusedRange() {
        var driver = MachineDriver()
        var odd = driver.open(.suffix(7))
        var good = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&odd, stranger)
        _ = driver.poll(&good, victim)
        driver.absent()
        let now = driver.now
        let id = driver.orders()[0].id
        let decision = driver.machine.head(
            id, JudgedHead(admission: .unsatisfiable(total: nil), headers: [:], madeAt: now.wall, retry: .never),
            now: now, &driver.output)
        #expect(decision == .reject(.refused(status: 416)))
        driver.ended(id, .refused(status: 416))
        #expect(driver.poll(&odd, stranger) == .failed(.status(416)))
        let next = driver.orders()
        #expect(next.count == 1 && next[0].request === victim)
    }
}

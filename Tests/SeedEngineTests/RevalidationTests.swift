import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import Testing

@testable import SeedEngine

@Suite("Task machine: revalidation")
struct RevalidationTests {
    private static let block = MachineDriver.block

    /// A driver whose task of 1 GiB has its first block, and that is stale by a second.
    private func stale(_ change: (inout EngineConfiguration) -> Void = { _ in }) -> MachineDriver {
        var driver = MachineDriver(change)
        driver.known(length: 1 << 30, first: Self.block)
        driver.now += .milliseconds(301_000)
        return driver
    }

    private func respond(
        _ driver: inout MachineDriver, _ id: FlightID, _ admitted: ResponseAdmission, headers: HTTPFields = [:]
    ) -> TaskMachine.HeadDecision {
        var retry = Retry.never
        if case .error(let status) = admitted, RetryRule.isRetryable(status: status) { retry = .later }
        return driver.machine.head(
            id, JudgedHead(admission: admitted, headers: headers, madeAt: driver.now.wall, retry: retry),
            now: driver.now,
            &driver.output)
    }

    @Test("W9: a stale object is revalidated once for all readers, and a 304 makes it fresh again")
    func confirmed() throws {
        var driver = stale()
        var first = driver.open(.bounded(first: 0, last: 99))
        var second = driver.open(.bounded(first: 0, last: 99))
        #expect(driver.poll(&first) == .wait)
        #expect(driver.poll(&second) == .wait)
        let orders = driver.orders()
        #expect(orders.map(\.condition) == [.ifNoneMatch("\"v1\"")])
        #expect(orders[0].purpose == .revalidation)
        _ = respond(&driver, orders[0].id, .notModified, headers: [.cacheControl: "max-age=7"])
        let record = driver.output.records.compactMap {
            if case .put(let generation, _) = $0 { generation } else { nil }
        }
        .last
        #expect(record?.fetchedAt == driver.now.wall)
        #expect(record?.headers[.cacheControl] == "max-age=7")
        guard case .head(let facts) = driver.poll(&first) else { Issue.record("no head"); return }
        #expect(facts.cacheStatus == .revalidated)
        guard case .head(let others) = driver.poll(&second) else { Issue.record("no head"); return }
        #expect(others.cacheStatus == .hit)
        driver.ended(orders[0].id, .cancelled)
        #expect(driver.orders().isEmpty)
    }

    @Test("A response of another version is the new generation's first bytes: one request in all")
    func moved() {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let id = driver.orders()[0].id
        let result = driver.part(id, 0, Self.block, of: 2 << 30, .etag("\"v2\""))
        guard case .keep(let keep) = result else { Issue.record("not kept"); return }
        #expect(keep.range == ByteRange(0, Self.block))
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("no head"); return }
        #expect(facts.generation.length == 2 << 30)
        #expect(facts.cacheStatus == .miss(collapsed: false))
        #expect(driver.orders().isEmpty)
    }

    @Test("A reader of the old generation ends with what is there of it; its file stays until then")
    func departing() {
        var driver = stale()
        driver.now -= .milliseconds(301_000)
        var reading = driver.open(.bounded(first: 0, last: Self.block - 1))
        guard case .head = driver.poll(&reading) else { Issue.record("no head"); return }
        #expect(driver.poll(&reading, limit: 1000) == .bytes(ByteRange(0, 1000)))
        driver.now += .milliseconds(301_000)
        var fresh = driver.open(nil)
        _ = driver.poll(&fresh)
        _ = driver.part(driver.orders()[0].id, 0, 8 << 20, of: 1 << 30, .etag("\"v2\""))
        #expect(driver.poll(&reading) == .bytes(ByteRange(1000, Self.block)))
        #expect(driver.machine.departing != nil)
        #expect(driver.poll(&reading) == .end)
        #expect(driver.machine.departing == nil)
    }

    @Test("While the origin is down stale bytes are served, and it is asked again only after the grace")
    func originDown() {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let id = driver.orders()[0].id
        #expect(respond(&driver, id, .error(status: 503)) == .reject(.failed(.status(503), .later)))
        driver.ended(id, .failed(.status(503), .later))
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("no head"); return }
        #expect(facts.cacheStatus == .stale)
        var next = driver.open(.bounded(first: 0, last: 99))
        guard case .head = driver.poll(&next) else { Issue.record("no head"); return }
        driver.now += .milliseconds(10_001)
        var later = driver.open(.bounded(first: 0, last: 99))
        #expect(driver.poll(&later) == .wait)
        #expect(driver.orders().count == 1)
    }

    @Test(
        "A 304 may bring its tag weakened, and a tag says nothing where another mark counts",
        arguments: [
            (Validator.etag("\"v1\""), "W/\"v1\""),
            (.lastModified("Sun, 06 Nov 1994 08:49:37 GMT", length: 1 << 30), "W/\"x\""),
        ])
    func weakTag(validator: Validator, tag: String) {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: Self.block, validator)
        driver.now += .milliseconds(301_000)
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let epoch = driver.machine.generation?.epoch
        let id = driver.orders()[0].id
        #expect(respond(&driver, id, .notModified, headers: [.eTag: tag]) == .reject(.cancelled))
        #expect(driver.machine.generation?.epoch == epoch)
    }

    @Test("An object that turns private is not served to other clients", arguments: ["private", "no-store"])
    func turnsPrivate(field: String) {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        _ = respond(&driver, driver.orders()[0].id, .notModified, headers: [.cacheControl: field])
        #expect(driver.poll(&cursor) == .bypass(.notStorable))
        #expect(driver.machine.generation == nil)
    }

    @Test("A response in a form that is never stored is a response: nothing stale for ever")
    func encodedSince() {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        #expect(respond(&driver, driver.orders()[0].id, .refused(.encoded("gzip"))) == .reject(.changed))
    }

    @Test("What must be revalidated is never served stale")
    func mustRevalidate() {
        var driver = stale { $0.maxRetries = 0 }
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        _ = respond(&driver, driver.orders()[0].id, .notModified, headers: [.cacheControl: "no-cache"])
        driver.ended(2, .cancelled)
        _ = driver.poll(&cursor)
        var next = driver.open(.bounded(first: 0, last: 99))
        #expect(driver.poll(&next) == .wait)
        let id = driver.orders()[0].id
        driver.ended(id, .failed(.status(503), .later))
        #expect(driver.poll(&next) == .failed(.status(503)))
    }

    @Test("A 404 ends the serving; a 401 concerns only its request", arguments: [404, 410, 401, 403])
    func refused(status: Int) {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let id = driver.orders()[0].id
        #expect(respond(&driver, id, .error(status: status)) == .collect)
        let told = OriginErrorResponse(status: status, headers: [:], body: Bytes())
        driver.ended(id, .errorResponse(told))
        #expect(driver.poll(&cursor) == .origin(told))
        #expect((driver.machine.generation == nil) == [404, 410].contains(status))
    }

    @Test("Two mirrors: a span of another version is asked about once, and fetched again if ours still counts")
    func mirrors() {
        var driver = MachineDriver { $0.concurrentFlights = 2 }
        let (reading, order) = driver.reading(upTo: Self.block)
        var cursor = reading
        driver.ended(order.id, .changed)
        let question = driver.orders()
        #expect(question.map(\.purpose) == [.revalidation])
        #expect(driver.poll(&cursor) == .bytes(ByteRange(0, Self.block)))
        #expect(driver.poll(&cursor) == .wait)
        #expect(driver.orders().isEmpty)
        _ = respond(&driver, question[0].id, .notModified)
        driver.ended(question[0].id, .cancelled)
        let again = driver.orders()
        #expect(again.first?.range?.lowerBound == Self.block)
        #expect(again.allSatisfy { $0.condition == .ifMatch("\"v1\"") })
    }

    @Test("An object whose mirrors never agree is given up after three confirmations in a minute")
    func flapping() {
        var driver = MachineDriver()
        let (reading, order) = driver.reading(upTo: Self.block)
        var cursor = reading
        var id = order.id
        for _ in 0..<3 {
            driver.ended(id, .changed)
            guard let question = driver.orders().first(where: { $0.purpose == .revalidation }) else { break }
            _ = respond(&driver, question.id, .notModified)
            driver.ended(question.id, .cancelled)
            id = driver.orders().first?.id ?? id
        }
        #expect(driver.poll(&cursor) == .failed(.changedWhileReading))
        var next = driver.open(nil)
        #expect(driver.poll(&next) == .bypass(.unstable))
    }

    @Test("A client that leaves does not take the question along that another waits for")
    func doubtOutlivesItsAsker() {
        var driver = MachineDriver { $0.concurrentFlights = 2 }
        let (reading, order) = driver.reading(upTo: Self.block)
        var waiting = reading
        var leaving = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&leaving)
        _ = driver.poll(&waiting)
        _ = driver.poll(&waiting)
        driver.ended(order.id, .changed)
        guard let question = driver.orders().first(where: { $0.purpose == .revalidation }) else {
            Issue.record("no question")
            return
        }
        driver.close(leaving)
        #expect(!driver.takeEffects().contains(.stop(question.id, at: nil)))
        let told = OriginErrorResponse(status: 403, headers: [:], body: Bytes())
        driver.ended(question.id, .errorResponse(told))
        #expect(driver.poll(&waiting) == .failed(.changedWhileReading))
    }

    @Test("A long error body ends the revalidation: waiting requests pass through, and it is not repeated")
    func longErrorBody() {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        driver.ended(driver.orders()[0].id, .bypass(.longErrorBody))
        #expect(driver.poll(&cursor) == .bypass(.longErrorBody))
        #expect(driver.orders().isEmpty)
    }

    @Test("A 304 with another entity tag confirms nothing")
    func foreignConfirmation() {
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let result = respond(&driver, driver.orders()[0].id, .notModified, headers: [.eTag: "\"v2\""])
        #expect(result == .reject(.changed))
    }

    @Test("A running response without a validator is not interrupted by readers that come after it is stale")
    func oneResponseRunning() {
        var driver = MachineDriver()
        var first = driver.open(nil)
        _ = driver.poll(&first)
        driver.absent()
        let whole = ResponseAdmission.whole(length: 32 << 20, validator: .none)
        _ = respond(&driver, driver.orders()[0].id, whole, headers: [.cacheControl: "no-cache"])
        driver.created()
        guard case .head = driver.poll(&first) else { Issue.record("no head"); return }
        var second = driver.open(nil)
        _ = driver.poll(&second)
        #expect(driver.poll(&second) == .bypass(.noValidator))
        driver.wrote(1, 0, 1 << 20)
        #expect(driver.poll(&first) == .bytes(ByteRange(0, 1 << 20)))
    }

    @Test("W9: what the origin forbids to store goes straight through, and is not asked for twice each time")
    func notStorable() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let part = ResponseAdmission.part(range: ByteRange(0, 10), total: 10, validator: MachineDriver.etag)
        let result = respond(&driver, driver.orders()[0].id, part, headers: [.cacheControl: "private"])
        #expect(result == .reject(.bypass(.notStorable)))
        driver.ended(1, .bypass(.notStorable))
        #expect(driver.poll(&cursor) == .bypass(.notStorable))
        var next = driver.open(nil)
        #expect(driver.poll(&next) == .bypass(.notStorable))
        #expect(driver.orders().isEmpty)
        driver.now += .milliseconds(61_000)
        var later = driver.open(nil)
        #expect(driver.poll(&later) == .wait)
    }

    @Test("An immutable object is stored and never asked about, whatever the origin says")
    func immutable() {
        var driver = MachineDriver()
        let rule = FreshnessRule(isImmutable: true)
        var cursor = driver.open(nil, rule)
        _ = driver.poll(&cursor)
        driver.absent()
        let part = ResponseAdmission.part(range: ByteRange(0, 8 << 20), total: 1 << 30, validator: .none)
        let result = respond(&driver, driver.orders()[0].id, part, headers: [.cacheControl: "no-store"])
        guard case .keep = result else { Issue.record("not kept"); return }
        driver.now += .milliseconds(1 << 40)
        var later = driver.open(nil, rule)
        guard case .head = driver.poll(&later) else { Issue.record("no head"); return }
    }

    @Test("Without back-to-source, what is held is served and the rest is refused")
    func backToSourceDisabled() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: Self.block)
        var configuration = EngineConfiguration()
        configuration.isBackToSourceDisabled = true
        var machine = TaskMachine(configuration: configuration, driver.machine.own)
        machine.phase = driver.machine.phase
        machine.holdings = driver.machine.holdings
        driver.machine = machine
        driver.now += .milliseconds(301_000)
        var held = driver.open(.bounded(first: 0, last: 99))
        guard case .head = driver.poll(&held) else { Issue.record("no head"); return }
        #expect(driver.poll(&held) == .bytes(ByteRange(0, 100)))
        var missing = driver.open(.bounded(first: 1 << 20, last: 2 << 20))
        _ = driver.poll(&missing)
        #expect(driver.poll(&missing) == .failed(.notHeld))
        #expect(driver.orders().isEmpty)
    }

    @Test("What a 304 tells never makes the record longer than may be kept, however many come")
    func bounded() throws {
        var driver = stale()
        for round in 0..<1_000 {
            var cursor = driver.open(.bounded(first: 0, last: 99))
            #expect(driver.poll(&cursor) == .wait)
            let id = try #require(driver.orders().first).id
            var told: HTTPFields = [.cacheControl: "max-age=1"]
            for number in 0..<100 {
                told.append(HTTPField(name: HTTPField.Name("X-\(round)-\(number)")!, value: "v"))
            }
            _ = respond(&driver, id, .notModified, headers: told)
            guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("no head"); return }
            #expect(facts.generation.headers.mayBeKept)
            driver.ended(id, .cancelled)
            driver.close(cursor)
            _ = driver.takeEffects()
            driver.now += .seconds(2)
        }
        #expect(driver.machine.generation?.headers.count == MessageLimits.storedFields)
    }

    @Test(
        "An object that turns out to be for others, to vary, or to have too long fields is passed on from then on",
        arguments: [
            (.cacheControl, "private", .notStorable), (.vary, "Cookie", .varies),
            (.cacheControl, String(repeating: "x", count: 16 << 10), .longHead),
        ] as [(HTTPField.Name, String, BypassReason)])
    func turned(_ name: HTTPField.Name, _ value: String, _ reason: BypassReason) {
        let told: HTTPFields = [name: value]
        var driver = stale()
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        _ = respond(&driver, driver.orders()[0].id, .notModified, headers: told)
        #expect(driver.poll(&cursor) == .bypass(reason))
        #expect(driver.machine.generation == nil)
    }

    @Test("A reader of an object that turns private goes on alone: its bytes are unchanged")
    func turnedWhileReading() throws {
        var driver = MachineDriver()
        var (reader, order) = driver.reading(upTo: Self.block)
        var hot = driver.open(.bounded(first: 0, last: 99))
        guard case .head = driver.poll(&hot) else { Issue.record("no head"); return }
        #expect(driver.poll(&reader) == .bytes(ByteRange(0, Self.block)))
        #expect(driver.poll(&reader) == .wait)
        driver.now += .seconds(301)
        var late = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&late)
        let question = try #require(driver.orders().first { $0.purpose == .revalidation })
        let generation = driver.machine.generation
        _ = respond(&driver, question.id, .notModified, headers: [.vary: "Cookie"])
        #expect(driver.poll(&late) == .bypass(.varies))
        #expect(driver.machine.generation == nil && driver.takeEffects().contains(.stop(order.id, at: nil)))
        #expect(driver.poll(&hot) == .bytes(ByteRange(0, 100)))
        guard case .direct(let rest) = driver.poll(&reader) else { Issue.record("cut"); return }
        #expect(rest.epoch == generation?.epoch && rest.validator == generation?.validator)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedSupport
import Testing

@testable import SeedEngine

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
            #expect(driver.takeEffects() == [.load])
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
        guard case .head(let facts) = driver.poll(&second) else { Issue.record("unexpected result"); return }
        #expect(facts.cacheStatus == .miss(collapsed: true))
        guard case .head(let led) = driver.poll(&first) else { Issue.record("unexpected result"); return }
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
        #expect(driver.takeEffects().contains(.wake(cursor.id)))
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("unexpected result"); return }
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
        guard case .failed = driver.poll(&cursor) else { Issue.record("unexpected result"); return }
        #expect(driver.orders().isEmpty)
    }

    @Test("Without validator a response that is not the whole object goes straight through")
    func noValidator() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        #expect(driver.part(1, 0, 8 << 20, of: 16 << 20, .none) == .reject(.bypass(.noValidator)))
        driver.ended(1, .bypass(.noValidator))
        #expect(driver.poll(&cursor) == .bypass(.noValidator))
    }

    @Test("An object of more pieces than can be numbered goes straight through")
    func tooManyPieces() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        #expect(driver.part(1, 0, MachineDriver.block, of: 1 << 59) == .reject(.bypass(.tooLong)))
    }

    @Test("A response that can't be fetched in spans needs room for all of it before anything is known of it")
    func needsRoom() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let whole = ResponseAdmission.whole(length: 1 << 30, validator: MachineDriver.etag)
        let first = driver.machine.head(
            1, JudgedHead(admission: whole, headers: [:], madeAt: .epoch, retry: .never, room: 8 << 20), now: .start,
            &driver.output)
        #expect(first == .needsRoom(1 << 30))
        #expect(driver.machine.generation == nil)
        let second = driver.machine.head(
            1, JudgedHead(admission: whole, headers: [:], madeAt: .epoch, retry: .never, room: 1 << 30), now: .start,
            &driver.output)
        guard case .keep(let keep) = second else {
            Issue.record("not kept")
            return
        }
        #expect(keep.range == ByteRange(0, 1 << 30))
    }

    @Test("A suffix of an empty object is the whole, empty object: no Content-Range can tell it")
    func emptySuffix() {
        var driver = MachineDriver()
        var cursor = driver.open(.suffix(5))
        _ = driver.poll(&cursor)
        driver.absent()
        let whole = ResponseAdmission.whole(length: 0, validator: MachineDriver.etag)
        _ = driver.machine.head(
            1, JudgedHead(admission: whole, headers: [:], madeAt: .epoch, retry: .never), now: .start, &driver.output)
        guard case .head(let facts) = driver.poll(&cursor) else {
            Issue.record("unexpected result")
            return
        }
        let request = TaskRequest(key: Self.key, wireID: TaskID("w"), url: "http://h/", range: .suffix(5))
        #expect(!StreamHead(facts, request, nil).isPartial)
        #expect(driver.poll(&cursor) == .end)
    }

    private static let key = StoreKey(bytes: [UInt8](repeating: 1, count: 32))!  // 32 bytes are a key.

    @Test("Lengths that no object has are refused, so that offsets can be added without overflow")
    func hostileLengths() {
        let part = OriginHead(
            status: 206,
            headers: [
                .contentRange: "bytes 9223372036854775800-9223372036854775806/9223372036854775807", .eTag: "\"v1\"",
            ])
        let whole = OriginHead(status: 200, headers: [.contentLength: "9223372036854775807", .eTag: "\"v1\""])
        #expect(ResponseAdmission.judge(part, asked: .suffix(7)) == .refused(.tooLong(.max)))
        #expect(ResponseAdmission.judge(whole, asked: nil) == .refused(.tooLong(.max)))
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
        driver.ended(1, .failed(error, .later))
        #expect(driver.takeEffects().contains(.later(.milliseconds(50) ... .milliseconds(100))))
        driver.resume()
        #expect(driver.orders().count == 1)
        driver.ended(2, .failed(error, .later))
        #expect(driver.orders().isEmpty)
        #expect(driver.poll(&cursor) == .failed(error))
    }

    @Test("When the only client leaves before the response, the request is cancelled")
    func cancelled() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.takeEffects()
        driver.close(cursor)
        #expect(driver.takeEffects() == [.stop(1, at: nil)])
        driver.ended(1, .cancelled)
        #expect(driver.machine.isIdle)
    }

    @Test("A response with more fields than are kept, or longer ones, is passed on")
    func longHead() {
        let many = HTTPFields((0..<65).map { HTTPField(name: HTTPField.Name("X-\($0)")!, value: "") })
        let long: HTTPFields = [.link: String(repeating: "x", count: 16 << 10)]
        for headers in [many, long] {
            var driver = MachineDriver()
            var cursor = driver.open(nil)
            _ = driver.poll(&cursor)
            driver.absent()
            let whole = ResponseAdmission.whole(length: 10, validator: MachineDriver.etag)
            let head = JudgedHead(admission: whole, headers: headers, madeAt: driver.now.wall, retry: .never)
            let id = driver.orders()[0].id
            let now = driver.now
            let decision = driver.machine.head(id, head, now: now, &driver.output)
            #expect(decision == .reject(.bypass(.longHead)))
        }
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import Testing

@testable import SeedEngine

@Suite("Task machine: HEAD is a stream without a body")
struct HeadRequestTests {
    private static let block = MachineDriver.block
    private let head = TaskRequest.head

    /// The stream ends behind its head, and nothing is fetched for it.
    private func expectHead(
        _ driver: inout MachineDriver, _ cursor: inout Cursor, _ status: StreamHead.CacheStatus,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .head(let facts) = driver.poll(&cursor, head) else {
            Issue.record("no head", sourceLocation: sourceLocation)
            return
        }
        #expect(facts.range == ByteRange(0, facts.generation.length), sourceLocation: sourceLocation)
        #expect(facts.cacheStatus == status, sourceLocation: sourceLocation)
        #expect(driver.poll(&cursor, head) == .end, sourceLocation: sourceLocation)
        driver.close(cursor)
    }

    @Test("Of a known object it is answered at once, whatever of it is here")
    func known() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: Self.block)
        var cursor = driver.open(nil)
        expectHead(&driver, &cursor, .miss(collapsed: false))
        #expect(driver.orders().isEmpty && driver.machine.isIdle)
    }

    @Test("Of an unknown object the index is asked, then the origin as the client asked")
    func unknown() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        driver.absent()
        #expect(driver.poll(&cursor, head) == .bypass(.unknown))
        var second = driver.open(nil)
        #expect(driver.poll(&second, head) == .bypass(.unknown))
        #expect(driver.orders().isEmpty)
    }

    @Test("Without back-to-source an unknown object is refused")
    func notHeld() {
        var driver = MachineDriver { $0.isBackToSourceDisabled = true }
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        driver.absent()
        #expect(driver.poll(&cursor, head) == .failed(.notHeld))
        var second = driver.open(nil)
        #expect(driver.poll(&second, head) == .failed(.notHeld))
    }

    @Test("While a GET makes the first contact it waits for that one's head")
    func joins() {
        var driver = MachineDriver()
        var get = driver.open(nil)
        #expect(driver.poll(&get) == .wait)
        driver.absent()
        let order = driver.orders()[0]
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        _ = driver.part(order.id, 0, 8 << 20, of: 1 << 30)
        expectHead(&driver, &cursor, .miss(collapsed: true))
        guard case .head = driver.poll(&get) else { Issue.record("no head"); return }
    }

    @Test("When the GET is gone, or its first contact failed, it does not wait any more")
    func firstContactFails() {
        var driver = MachineDriver()
        var get = driver.open(nil)
        #expect(driver.poll(&get) == .wait)
        driver.absent()
        let order = driver.orders()[0]
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        driver.ended(order.id, .failed(EngineError(.originUnreachable, "no way"), .later))
        #expect(driver.poll(&cursor, head) == .bypass(.unknown))
        #expect(driver.poll(&get) == .wait)
    }

    @Test("A stale object is confirmed by one request for one block, whoever waits: HEAD, GET and a second HEAD")
    func revalidates() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: Self.block)
        driver.now += .seconds(301)
        var first = driver.open(nil)
        #expect(driver.poll(&first, head) == .wait)
        let question = driver.orders()[0]
        #expect(question.purpose == .revalidation && question.ask == .bounded(first: 0, last: Self.block - 1))
        var get = driver.open(.bounded(first: 0, last: 9))
        var second = driver.open(nil)
        #expect(driver.poll(&get) == .wait)
        #expect(driver.poll(&second, head) == .wait)
        #expect(driver.orders().isEmpty)
        _ = driver.machine.head(
            question.id, JudgedHead(admission: .notModified, headers: [:], madeAt: driver.now.wall, retry: .never),
            now: driver.now, &driver.output)
        driver.ended(question.id, .cancelled)
        expectHead(&driver, &first, .miss(collapsed: false))
        guard case .head(let facts) = driver.poll(&get) else { Issue.record("no head"); return }
        #expect(facts.cacheStatus == .hit)
        expectHead(&driver, &second, .miss(collapsed: false))
    }

    @Test("A stale object is told as it was while its origin is down, as to GET")
    func originDown() {
        var driver = MachineDriver()
        driver.known(length: 2 * Self.block, first: 2 * Self.block)
        driver.now += .seconds(301)
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        let question = driver.orders()[0]
        driver.ended(question.id, .failed(EngineError(.originUnreachable, "no way"), .later))
        expectHead(&driver, &cursor, .stale)
        #expect(driver.orders().isEmpty)
    }

    @Test("A HEAD that waits for the confirmation is not sent away by a GET that misses a byte")
    func besideGet() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: Self.block)
        var get = driver.open(.bounded(first: 512 << 20, last: (512 << 20) + 9))
        _ = driver.poll(&get)
        driver.now += .seconds(301)
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        #expect(driver.poll(&get) == .wait)
        #expect(driver.poll(&cursor, head) == .wait)
    }

    @Test("A change that HEAD finds out begins the new generation with one block")
    func changed() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: Self.block)
        driver.now += .seconds(301)
        var cursor = driver.open(nil)
        #expect(driver.poll(&cursor, head) == .wait)
        let question = driver.orders()[0]
        guard case .keep(let keep) = driver.part(question.id, 0, Self.block, of: 1 << 20, .etag("\"v2\"")) else {
            Issue.record("not kept")
            return
        }
        #expect(keep.range == ByteRange(0, Self.block))
        guard case .head(let facts) = driver.poll(&cursor, head) else { Issue.record("no head"); return }
        #expect(facts.generation.length == 1 << 20 && facts.generation.validator == .etag("\"v2\""))
    }
}

extension TaskRequest {
    fileprivate static let head = TaskRequest(
        key: TaskRequest.of("http://origin/object").key, wireID: TaskID("wire"), url: "http://origin/object",
        wantsBody: false)
}

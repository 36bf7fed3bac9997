import Dispatch
import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("What is told of a task's pieces")
struct TaskEventTests {
    private static let block = MachineDriver.block
    private static let length: Int64 = 8 << 20

    /// Of a task of two pieces of 4 MiB, which a client reads.
    private func reading() -> (driver: MachineDriver, cursor: Cursor, flight: FlightID) {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let order = driver.orders()[0]
        _ = driver.part(order.id, 0, Self.length, of: Self.length)
        driver.created()
        _ = driver.poll(&cursor)
        return (driver, cursor, order.id)
    }

    @Test("A generation begins when its file exists; a piece is told once, when it is complete, with the time it took")
    func pieces() throws {
        var (driver, _, flight) = reading()
        let began = TaskEvent.Change.began(
            wireID: TaskID("wire"), generation: 7, length: Self.length, pieceLength: 4 << 20)
        var changes = driver.takeChanges()
        #expect(changes == [began])
        driver.wrote(flight, 0, (4 << 20) - 1, spent: .milliseconds(900))
        changes = driver.takeChanges()
        #expect(changes.isEmpty)
        driver.wrote(flight, (4 << 20) - 1, (4 << 20) + 1, spent: .milliseconds(20))
        changes = driver.takeChanges()
        guard case .piece(let piece) = try #require(changes.first) else {
            Issue.record("no piece"); return
        }
        #expect(piece.number == 0 && piece.isComplete && piece.digest != nil && piece.source == .origin)
        #expect(piece.cost.isAbout(.milliseconds(910)) && piece.createdAt == driver.now.wall)
        driver.wrote(flight, (4 << 20) + 1, Self.length)
        driver.ended(flight)
        let rest = driver.takeChanges()
        #expect(rest.map(\.number) == [1])
        guard case .piece(let second) = rest[0] else { return }
        #expect(second.cost.isAbout(.milliseconds(10)))
    }

    @Test("A piece that took less than a millisecond cost one")
    func shortest() {
        var (driver, _, flight) = reading()
        driver.wrote(flight, 0, 4 << 20)
        guard case .piece(let piece)? = driver.takeChanges().last else { Issue.record("no piece"); return }
        #expect(piece.cost == .milliseconds(1))
    }

    @Test(
        "A piece that is evicted is lost, and one with a damaged block; the old generation leaves before the new begins"
    )
    func lost() throws {
        var (driver, cursor, flight) = reading()
        driver.wrote(flight, 0, Self.length)
        driver.ended(flight)
        driver.close(cursor)
        _ = driver.takeChanges()
        let isEvicted = driver.machine.beginEviction(1, counter: 7, &driver.output)
        #expect(isEvicted)
        var changes = driver.takeChanges()
        #expect(changes == [.lost(piece: 1)])
        driver.machine.doubtBlock(BlockIndex(piece: 0, block: 0), counter: 7, &driver.output)
        let epoch = try #require(driver.machine.generation?.epoch)
        driver.machine.checked(
            BlockIndex(piece: 0, block: 0), epoch: epoch, isGood: false, now: driver.now, &driver.output)
        changes = driver.takeChanges()
        #expect(changes == [.lost(piece: 0)])
        driver.now += .seconds(301)
        var late = driver.open(nil)
        #expect(driver.poll(&late) == .wait)
        let question = driver.orders()[0]
        _ = driver.part(question.id, 0, Self.length, of: Self.length, .etag("\"v2\""))
        driver.machine.contentCreated(8, &driver.output)
        changes = driver.takeChanges()
        #expect(changes.first == .left(generation: 7) && changes.count == 2)
        guard case .began(_, generation: 8, _, _) = changes[1] else { Issue.record("not begun"); return }
    }

    @Test("What is read from the index begins with the pieces that are complete")
    func loaded() {
        var driver = MachineDriver()
        var cursor = driver.open(.bounded(first: 0, last: 9))
        _ = driver.poll(&cursor)
        let (task, pieces) = MachineDriver.record(length: Self.length, complete: [1], partial: [0])
        driver.machine.loaded(task, pieces, &driver.output)
        let changes = driver.takeChanges()
        #expect(changes.count == 2 && changes[1].number == 1)
        guard case .began(_, generation: 7, Self.length, _) = changes[0] else { Issue.record("not begun"); return }
    }

    @Test("A failure is told once, when nothing is tried any more")
    func failed() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let error = EngineError(.originUnreachable, "no way")
        driver.ended(driver.orders()[0].id, .failed(error, .later))
        var changes = driver.takeChanges()
        #expect(changes.isEmpty)
        driver.resume()
        driver.ended(driver.orders()[0].id, .failed(error, .later))
        changes = driver.takeChanges()
        #expect(changes == [.failed(error)])
        #expect(driver.poll(&cursor) == .failed(error))
    }

    @Test("Of a task that is not in memory it is told, too, what the store takes away")
    func notInMemory() throws {
        let log = Lock<[TaskEvent.Change]>([])
        let harness = try EngineHarness(events: { event in log.withLock { $0.append(event.change) } })
        defer { harness.close() }
        harness.play(try harness.open(), length: 1000)
        let file = FileName(key: try EngineHarness.key(1), generation: try harness.generation())
        #expect(harness.engine.forget(file.key))
        harness.engine.evicted(PieceName(file: file, number: 0))
        harness.engine.removed(file)
        #expect(log.withLock { Array($0.suffix(2)) } == [.lost(piece: 0), .left(generation: file.generation)])
    }

    @Test("A slow receiver holds back its own task only, and hears everything in order")
    func slowReceiver() throws {
        let log = Lock<[TaskEvent]>([])
        let (held, mayGoOn) = (Signal(), Flag())
        let slow = try EngineHarness.key(1)
        let harness = try EngineHarness(events: { event in
            let isFirst = log.withLock { log in
                log.append(event)
                return log.count { $0.key == slow } == 1
            }
            if event.key == slow, isFirst { _ = held.wait(within: 30) { mayGoOn.isSet ? true : nil } }
        })
        defer { harness.close() }
        let length = 9 << 20
        let first = try harness.open()
        _ = first.step(within: 0.05)
        let transfer = try #require(harness.origin.next())
        transfer.respond(length: length, upTo: 1)
        #expect(eventually { log.withLock { $0.contains { $0.key == slow } } })
        let other = try harness.open(key: 2)
        _ = other.step(within: 0.05)
        try #require(harness.origin.next()).serve(length: 1000)
        guard case .end = other.readAll() else { Issue.record("not the end"); return }
        mayGoOn.set()
        held.notify()
        _ = transfer.send(1..<transfer.asked.upperBound)
        transfer.end()
        harness.play(first, length: length)
        #expect(first.bytes == objectBytes(0..<length))
        let changes = log.withLock { $0.filter { $0.key == slow }.map(\.change) }
        guard case .began = changes.first else { Issue.record("not begun first"); return }
        #expect(changes.compactMap(\.number).sorted() == [0, 1, 2])
        for case .piece(let piece) in changes { #expect(piece.cost >= .milliseconds(1)) }
        #expect(
            try harness.store.pieces(slow, generation: harness.generation(), numbers: 0..<3).allSatisfy {
                $0.cost > .zero
            })
    }
}

extension Duration {
    /// Shares of a time are rounded.
    fileprivate func isAbout(_ other: Duration) -> Bool { (other - .microseconds(1)...other).contains(self) }
}

extension TaskEvent.Change {
    /// Of a piece that is complete.
    fileprivate var number: Int? {
        if case .piece(let piece) = self { piece.number } else { nil }
    }
}

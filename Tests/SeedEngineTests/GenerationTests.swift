import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Task machine: generations and checks")
struct GenerationTests {
    @Test("an object of which nothing came has no record, and no file once it has left memory")
    func withoutPieces() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open(.bounded(first: 0, last: 99))
        _ = client.step(within: 0.001)
        let transfer = try #require(harness.origin.next())
        transfer.respond(length: 700_000, upTo: 100)
        _ = client.readAll()
        #expect(client.bytes.count == 100)
        client.stream.close()
        transfer.end(.cancelled)
        // The rest of the piece is worth fetching, and isn't to be had either.
        harness.origin.next()?.end(.failed(OriginError(.cut, "cut")))
        #expect(eventually { harness.engine.flightCount == 0 })
        harness.store.flush()
        #expect(try harness.store.task(EngineHarness.key(1)) == nil)
        harness.engine.table.forgetIdle()
        harness.store.flush()
        let content = harness.directory.path("store/content")
        #expect(
            eventually {
                FileManager.default.subpaths(atPath: content)?.contains { $0.contains(".") } == false
            })
    }

    @Test("A changed object: streams with a head out are failed, new requests start on the new generation")
    func changed() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30, first: MachineDriver.block)
        var reading = driver.open(nil)
        _ = driver.poll(&reading)
        let order = driver.orders()[0]
        driver.ended(order.id, .changed)
        driver.changeAtOrigin()
        #expect(driver.output.records.contains { if case .remove = $0 { true } else { false } })
        guard case .failed(let error) = driver.poll(&reading) else { Issue.record("unexpected result"); return }
        #expect(error.kind == .changed)
        var fresh = driver.open(nil)
        _ = driver.poll(&fresh)
        #expect(driver.orders().map(\.condition) == [.none])
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
        driver.changeAtOrigin()
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
        for _ in 0..<3 { driver.machine.revalidation.noteMove(now: driver.now) }
        driver.known(length: 1 << 30)
        var reading = driver.open(nil)
        _ = driver.poll(&reading)
        let order = driver.orders()[0]
        driver.ended(order.id, .changed)
        driver.changeAtOrigin()
        var fresh = driver.open(nil)
        #expect(driver.poll(&fresh) == .bypass(.unstable))
        driver.now += .milliseconds(61_000)
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
        #expect(driver.takeEffects().contains(.stop(1, at: 0)))
        driver.ended(1, .complete)
        var next = driver.open(nil)
        guard case .head = driver.poll(&next) else { Issue.record("no head"); return }
        #expect(driver.poll(&next) == .wait)
        // One flight until its file is there.
        #expect(driver.orders().map(\.range?.lowerBound) == [0])
    }

    @Test("A single response that lost its readers is given up whole: no second response adds to it")
    func oneResponse() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        _ = driver.orders()
        _ = driver.machine.head(
            1,
            JudgedHead(
                admission: .whole(length: 32 << 20, validator: .none), headers: [:], madeAt: driver.now.wall,
                retry: .later),
            now: driver.now, &driver.output)
        driver.created()
        driver.wrote(1, 0, 1 << 20)
        _ = driver.poll(&cursor)
        _ = driver.takeEffects()
        driver.close(cursor)
        #expect(driver.takeEffects() == [.stop(1, at: nil)])
        var other = driver.open(nil)
        _ = driver.poll(&other)
        #expect(driver.orders().isEmpty)
        driver.ended(1, .cancelled)
        #expect(driver.machine.generation == nil)
        guard case .failed = driver.poll(&other) else {
            Issue.record("unexpected result")
            return
        }
    }

    @Test("A response that varies by more than the encoding goes straight through")
    func varies() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let part = ResponseAdmission.part(range: ByteRange(0, 10), total: 10, validator: MachineDriver.etag)
        let result = driver.machine.head(
            1,
            JudgedHead(admission: part, headers: [.vary: "Accept-Encoding, Accept"], madeAt: .epoch, retry: .never),
            now: .start, &driver.output)
        #expect(result == .reject(.bypass(.varies)))
    }

    @Test("Stored blocks are checked before they are served, and a bad one is fetched again")
    func checks() throws {
        let block = MachineDriver.block
        var driver = MachineDriver()
        var cursor = driver.open(.bounded(first: 0, last: 2 * block - 1))
        _ = driver.poll(&cursor)
        _ = driver.takeEffects()
        let key = try #require(StoreKey(bytes: [UInt8](repeating: 1, count: 32)))
        let record = TaskRecord(
            key: key, wireID: TaskID("w"), generation: 3, contentLength: 2 * block, pieceLength: 4 << 20,
            etag: "\"v1\"", lastModified: nil, headers: [:], url: "http://h/", tag: nil, application: nil,
            createdAt: .epoch, fetchedAt: driver.now.wall, flags: [])
        let piece = PieceRecord(
            number: 0, present: BlockSet(0..<2), checksums: [1, 2], createdAt: .epoch, updatedAt: .epoch)
        driver.machine.loaded(record, [piece], &driver.output)
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("unexpected result"); return }
        #expect(facts.cacheStatus == .hit)
        let indexes = [BlockIndex(piece: 0, block: 0), BlockIndex(piece: 0, block: 1)]
        let checks = zip(indexes, [1, 2] as [UInt32]).map { TaskMachine.BlockCheck(index: $0, checksum: $1) }
        #expect(driver.takeEffects().contains(.check(checks, epoch: 1)))
        #expect(driver.poll(&cursor) == .wait)
        let epoch = try #require(driver.machine.generation?.epoch)
        driver.machine.checked(indexes[0], epoch: epoch, isGood: true, now: .start, &driver.output)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(0, block)))
        driver.machine.checked(indexes[1], epoch: epoch, isGood: false, now: .start, &driver.output)
        #expect(driver.orders().map(\.range) == [ByteRange(block, 2 * block)])
        #expect(driver.poll(&cursor) == .wait)
    }
}

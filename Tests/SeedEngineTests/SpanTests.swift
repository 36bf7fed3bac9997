import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedSupport
import Testing

@testable import SeedEngine

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
        guard case .head = driver.poll(&cursor) else { Issue.record("unexpected result"); return }
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
                Issue.record("unexpected result"); return
            }
            taken += given.count
            #expect(asked - taken <= 8 << 20)
        }
    }

    @Test("No byte is fetched twice: flights never overlap")
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
        guard case .head = driver.poll(&cursor) else { Issue.record("unexpected result"); return }
        let order = driver.orders()[0]
        #expect(order.range == ByteRange(10 * block + 1000, 11 * block))
        driver.wrote(order.id, 10 * block + 1000, 11 * block)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(10 * block + 1000, 10 * block + 5096)))
        driver.ended(order.id)
        let completion = driver.orders()
        #expect(completion.map(\.range) == [ByteRange(10 * block, 10 * block + 1000)])
        #expect(completion.map(\.purpose) == [.completion])
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

    @Test("Without readers a flight ends with its current block")
    func trimmed() {
        let block = MachineDriver.block
        var driver = MachineDriver()
        let (cursor, order) = driver.reading(upTo: block + 10)
        _ = driver.takeEffects()
        driver.close(cursor)
        #expect(driver.takeEffects() == [.stop(order.id, at: 2 * block)])
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
        _ = driver.takeEffects()
        driver.close(first)
        #expect(driver.takeEffects().isEmpty)
    }

    @Test("A flight that dies is taken up at the byte where it died")
    func resumed() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(.bounded(first: 0, last: (8 << 20) - 1))
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.wrote(order.id, 0, 123_457)
        driver.ended(order.id, .failed(.shortResponse, .later))
        #expect(driver.orders().isEmpty)
        driver.resume()
        let next = driver.orders()
        #expect(next.map(\.range) == [ByteRange(123_457, 8 << 20)])
        #expect(next.map(\.condition) == [.ifRange("\"v1\"")])
    }

    @Test("A client that wants much is read ahead for by 1 MiB at first, and by more only while it keeps up")
    func firstWindow() {
        var driver = MachineDriver { $0.firstWindow = 1 << 20 }
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        #expect(driver.orders().map(\.range) == [ByteRange(0, 1 << 20)])
        _ = driver.part(1, 0, 1 << 20, of: 1 << 30)
        driver.created()
        driver.wrote(1, 0, 1 << 20)
        driver.ended(1)
        guard case .head = driver.poll(&cursor) else { Issue.record("no head"); return }
        #expect(driver.orders().isEmpty)
        #expect(driver.poll(&cursor, limit: 256 << 10) == .bytes(ByteRange(0, 256 << 10)))
        let ahead = driver.orders().compactMap(\.range).map(\.upperBound).max() ?? 0
        #expect(ahead <= (256 << 10) + (1 << 20))
    }

    @Test("What fits into one span is asked for by one")
    func oneSpan() {
        var driver = MachineDriver { $0.firstWindow = 1 << 20 }
        driver.known(length: 1 << 30)
        var cursor = driver.open(.bounded(first: 16 << 20, last: (24 << 20) - 1))
        _ = driver.poll(&cursor)
        #expect(driver.orders().map(\.range) == [ByteRange(16 << 20, 24 << 20)])
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
            driver.ended(order.id, .failed(.shortResponse, .later))
            driver.resume()
        }
        #expect(starts == 3)
        #expect(driver.poll(&cursor) == .failed(.shortResponse))
    }

    @Test("The tail of a block behind the last wanted byte is not tried again and again")
    func unwantedTail() {
        var driver = MachineDriver()
        driver.known(length: 1 << 30)
        var cursor = driver.open(.bounded(first: 0, last: 99))
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.wrote(order.id, 0, 100)
        driver.ended(order.id, .failed(.shortResponse, .never))
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
        for order in driver.orders() { driver.ended(order.id, .failed(.shortResponse, .later)) }
        for var cursor in cursors { #expect(driver.poll(&cursor) == .wait) }
    }

    @Test("A trimmed flight's bytes stay its own until it has ended, so that none is written twice")
    func claimed() {
        let block = MachineDriver.block
        var driver = MachineDriver()
        let (cursor, order) = driver.reading(upTo: block + 10)
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
        let result = driver.machine.head(
            order.id,
            JudgedHead(
                admission: .whole(length: 100 << 20, validator: MachineDriver.etag), headers: [:], madeAt: .epoch,
                retry: .never),
            now: .start, &driver.output)
        guard case .keep(let keep) = result else { Issue.record("unexpected result"); return }
        #expect(keep.bodyStart == 0)
        #expect(keep.range == order.range)
        _ = driver.poll(&cursor)
        #expect(driver.orders().isEmpty)
    }
}

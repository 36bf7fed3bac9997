import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import Testing

@testable import SeedEngine

/// What Dragonfly's seed client gets wrong and the engine decides, by the numbers of docs/weaknesses.md.
@Suite("What a request costs: origin requests, bytes, waiting")
struct FetchCostTests {
    private static let block = MachineDriver.block

    @Test("W8: an origin that refuses is asked once, however many pieces the object may have")
    func oneRefusal() {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let response = OriginErrorResponse(status: 403, headers: [:], body: Bytes())
        driver.ended(driver.orders()[0].id, .errorResponse(response))
        #expect(driver.poll(&cursor) == .origin(response))
        #expect(driver.orders().isEmpty)
    }

    @Test("W8: a span that is refused ends its readers before anything else is asked for")
    func oneRefusedSpan() {
        var driver = MachineDriver { $0.concurrentFlights = 1 }
        driver.known(length: 1 << 30)
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        let order = driver.orders()[0]
        driver.ended(order.id, .failed(.status(403), .never))
        #expect(driver.poll(&cursor) == .failed(.status(403)))
        #expect(driver.orders().isEmpty)
    }

    @Test("W26: the first bytes leave as they arrive, long before their block or piece is whole")
    func cutThrough() {
        var driver = MachineDriver()
        var cursor = driver.open(.from(1000))
        _ = driver.poll(&cursor)
        driver.absent()
        let order = driver.orders()[0]
        #expect(order.ask == .bounded(first: 1000, last: 1000 + (8 << 20) - 1))
        _ = driver.part(order.id, 1000, 1000 + (8 << 20), of: 1 << 30)
        guard case .head = driver.poll(&cursor) else { Issue.record("no head"); return }
        driver.created()
        driver.wrote(order.id, 1000, 1001)
        #expect(driver.poll(&cursor) == .bytes(ByteRange(1000, 1001)))
    }

    @Test("W27: 4 KiB of an object of 20 GiB cost no more than their block")
    func readAmplification() {
        var driver = MachineDriver()
        var cursor = driver.open(.bounded(first: 5 << 30, last: (5 << 30) + 4095))
        _ = driver.poll(&cursor)
        driver.absent()
        let order = driver.orders()[0]
        #expect(order.range == ByteRange(5 << 30, (5 << 30) + Self.block))
        _ = driver.part(order.id, 5 << 30, (5 << 30) + Self.block, of: 20 << 30)
        driver.created()
        _ = driver.poll(&cursor)
        driver.wrote(order.id, 5 << 30, (5 << 30) + Self.block)
        _ = driver.poll(&cursor)
        driver.close(cursor)
        driver.ended(order.id)
        #expect(driver.orders().isEmpty)
    }

    @Test("W28: the first request brings bytes, and a hundred first clients make one")
    func noStat() {
        var driver = MachineDriver()
        var cursors = (0..<100).map { _ in driver.open(.bounded(first: 0, last: 4095)) }
        for index in cursors.indices { _ = driver.poll(&cursors[index]) }
        driver.absent()
        let orders = driver.orders()
        #expect(orders.map(\.range) == [ByteRange(0, Self.block)])
        _ = driver.part(orders[0].id, 0, Self.block, of: 1 << 30)
        for index in cursors.indices {
            guard case .head = driver.poll(&cursors[index]) else { Issue.record("no head"); return }
        }
        #expect(driver.orders().isEmpty)
    }

    @Test("W37: what is known of an object costs by what is held of it, not by its length")
    func bookkeeping() {
        var driver = MachineDriver()
        driver.known(length: 1 << 40, first: Self.block)
        #expect(driver.machine.memory < 4096)
        var cursor = driver.open(.bounded(first: (1 << 40) - 4096, last: (1 << 40) - 1))
        guard case .head(let facts) = driver.poll(&cursor) else { Issue.record("no head"); return }
        #expect(facts.range.count == 4096)
        #expect(driver.orders().map(\.range) == [ByteRange((1 << 40) - 4096, 1 << 40)])
    }
}

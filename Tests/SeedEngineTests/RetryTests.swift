import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Task machine: retries and work ahead")
struct RetryTests {
    private static let block = MachineDriver.block
    private let start = ClockReading.start.monotonic

    @Test("Pauses double up to five seconds, and are never shorter than the origin asks")
    func pauses() {
        var limits = EngineConfiguration()
        limits.maxRetries = 20
        limits.retryDeadline = .milliseconds(1 << 40)
        var budget = RetryBudget()
        let pauses = (1...9).map { budget.failed($0, next: $0 + 1, asked: nil, now: start, limits) }
        #expect(pauses.first == .retry(in: .milliseconds(50) ... .milliseconds(100)))
        #expect(pauses[1] == .retry(in: .milliseconds(100) ... .milliseconds(200)))
        #expect(pauses.last == .retry(in: .milliseconds(2500) ... .milliseconds(5000)))
        #expect(
            budget.failed(10, next: 11, asked: .seconds(30), now: start, limits)
                == .retry(in: .milliseconds(30_000) ... .milliseconds(33_000)))
    }

    @Test("Failures are counted once for flights that were under way together, and forgiven by a block of progress")
    func counting() {
        var limits = EngineConfiguration()
        limits.maxRetries = 1
        var budget = RetryBudget()
        #expect(
            budget.failed(1, next: 4, asked: nil, now: start, limits)
                == .retry(in: .milliseconds(50) ... .milliseconds(100)))
        #expect(
            budget.failed(3, next: 4, asked: nil, now: start, limits)
                == .retry(in: .milliseconds(50) ... .milliseconds(100)))
        budget.wrote(Self.block)
        #expect(
            budget.failed(4, next: 5, asked: nil, now: start, limits)
                == .retry(in: .milliseconds(50) ... .milliseconds(100)))
        #expect(budget.failed(5, next: 6, asked: nil, now: start, limits) == .giveUp)
    }

    @Test("No pause outlasts the deadline")
    func deadline() {
        var limits = EngineConfiguration()
        limits.maxRetries = 20
        var budget = RetryBudget()
        #expect(budget.failed(1, next: 2, asked: .seconds(61), now: start, limits) == .giveUp)
    }

    @Test("A first contact answered with 503 is tried again after Retry-After; the last response is relayed as it is")
    func retryAfter() {
        var driver = MachineDriver { $0.maxRetries = 1 }
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let response = OriginErrorResponse(status: 503, headers: [.retryAfter: "2"], body: Bytes("busy"))
        driver.ended(driver.orders()[0].id, .errorResponse(response))
        #expect(driver.takeEffects().contains(.later(.milliseconds(2000) ... .milliseconds(2200))))
        driver.resume()
        driver.ended(driver.orders()[0].id, .errorResponse(response))
        #expect(driver.poll(&cursor) == .origin(response))
    }

    @Test("A span answered with 503 is tried again after Retry-After too")
    func retryAfterOfSpan() throws {
        let harness = try EngineHarness { $0.maxRetries = 4 }
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        let first = try #require(harness.origin.next())
        first.respond(length: 1 << 20, upTo: 1000)
        first.end(.failed(OriginError(.cut, "cut")))
        client.read(1000)
        let second = try #require(harness.origin.next())
        let refusedAt = ContinuousClock.now
        #expect(second.head(503, [.retryAfter: "1"]) == .reject)
        second.end(.rejected)
        let third = try #require(harness.origin.next())
        #expect(ContinuousClock.now - refusedAt >= .seconds(1))
        third.serve(length: 1 << 20)
        guard case .end = client.readAll() else { Issue.record("not the end"); return }
    }

    @Test("4xx other than 408 and 429 is told at once", arguments: [400, 401, 403, 404, 416, 501])
    func notRetried(status: Int) {
        var driver = MachineDriver()
        var cursor = driver.open(nil)
        _ = driver.poll(&cursor)
        driver.absent()
        let response = OriginErrorResponse(status: status, headers: [:], body: Bytes())
        driver.ended(driver.orders()[0].id, .errorResponse(response))
        #expect(driver.poll(&cursor) == .origin(response))
    }

    @Test("No flight starts during a pause, and a flight that brought a block goes on without one")
    func pausing() {
        var driver = MachineDriver { $0.maxRetries = 1 }
        let (reading, order) = driver.reading(upTo: 2 * Self.block)
        var cursor = reading
        _ = driver.poll(&cursor)
        driver.ended(order.id, .failed(.shortResponse, .later))
        let resumed = driver.orders()
        #expect(resumed.first?.range?.lowerBound == 2 * Self.block)
        #expect(resumed.first?.condition == .ifRange("\"v1\""))
        driver.ended(resumed[0].id, .failed(.shortResponse, .later))
        _ = driver.poll(&cursor)
        #expect(driver.orders().isEmpty)
        driver.resume()
        #expect(driver.orders().first?.range?.lowerBound == 2 * Self.block)
    }

    @Test("W33: prefetch fetches the whole object in the lowest class, once no reader waits, and counts unused bytes")
    func prefetch() {
        var driver = MachineDriver { $0.concurrentFlights = 4 }
        driver.known(length: 32 << 20, first: Self.block)
        var cursor = driver.open(.bounded(first: 0, last: 99))
        driver.machine.prefetches = true
        _ = driver.poll(&cursor)
        _ = driver.poll(&cursor)
        driver.close(cursor)
        let orders = driver.orders()
        #expect(orders.map(\.priority) == [.prefetch, .prefetch])
        #expect(orders[0].range == ByteRange(Self.block, Self.block + (8 << 20)))
        #expect(orders[1].range?.lowerBound == Self.block + (8 << 20))
        driver.wrote(orders[0].id, Self.block, 2 * Self.block)
        #expect(driver.takeEffects().contains(.counted(.fetched(Self.block))))
        var reader = driver.open(.bounded(first: Self.block, last: Self.block + 99))
        _ = driver.poll(&reader)
        _ = driver.poll(&reader)
        #expect(driver.takeEffects().contains(.counted(.read(Self.block))))
    }

    @Test("A reader of bytes that a prefetch will bring does not wait in its queue")
    func overtaken() {
        var driver = MachineDriver()
        driver.known(length: 32 << 20, first: Self.block)
        driver.machine.prefetches = true
        driver.machine.planCompletion(&driver.output)
        let ahead = driver.orders()[0]
        var cursor = driver.open(.bounded(first: 1 << 20, last: (1 << 20) + 99))
        _ = driver.poll(&cursor)
        #expect(driver.takeEffects().contains(.stop(ahead.id, at: nil)))
        driver.ended(ahead.id, .cancelled)
        #expect(driver.orders().first?.priority == .demand)
    }

    @Test("A reader that joins a background flight raises its priority")
    func raised() {
        var driver = MachineDriver()
        driver.known(length: 32 << 20, first: Self.block)
        driver.machine.prefetches = true
        driver.machine.planCompletion(&driver.output)
        let ahead = driver.orders()[0]
        driver.wrote(ahead.id, Self.block, 2 * Self.block)
        _ = driver.takeEffects()
        var cursor = driver.open(.bounded(first: 4 * Self.block, last: 4 * Self.block + 99))
        _ = driver.poll(&cursor)
        _ = driver.poll(&cursor)
        #expect(driver.takeEffects().contains(.raise(ahead.id, .demand)))
    }

    @Test("A failed prefetch is over: only the next request that asks for one starts it again")
    func prefetchOnce() {
        var driver = MachineDriver()
        driver.known(length: 32 << 20, first: Self.block)
        driver.machine.prefetches = true
        driver.machine.planCompletion(&driver.output)
        for order in driver.orders() { driver.ended(order.id, .failed(.shortResponse, .later)) }
        #expect(driver.orders().isEmpty)
        #expect(!driver.machine.prefetches)
    }
}

import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@Suite("The circuit breaker, as a value")
struct CircuitBreakerTests {
    private let start = MonotonicTime.now()

    @Test("It opens after failures in a row, tries once, and closes on success")
    func life() {
        var breaker = CircuitBreaker(threshold: 3)
        for id in 0..<3 as Range<UInt64> {
            #expect(breaker.admit(id, to: "h", now: start) == nil)
            #expect(breaker.openCount == 0)
            breaker.failed(id, at: "h", now: start)
        }
        #expect((breaker.openCount, breaker.openings) == (1, 1))
        #expect(breaker.admit(3, to: "h", now: start) == .seconds(1))
        #expect(breaker.admit(3, to: "other", now: start) == nil)
        #expect(breaker.admit(4, to: "h", now: start + .milliseconds(600)) == .milliseconds(400))
        let trial = start + .seconds(1)
        #expect(breaker.admit(5, to: "h", now: trial) == nil)
        #expect(breaker.admit(5, to: "h", now: trial) == nil)
        #expect(breaker.admit(6, to: "h", now: trial) != nil)
        // Late failures of requests from before say nothing new.
        breaker.failed(2, at: "h", now: trial)
        breaker.failed(5, at: "h", now: trial)
        #expect(breaker.admit(6, to: "h", now: trial) == .seconds(2))
        #expect(breaker.admit(7, to: "h", now: trial + .seconds(2)) == nil)
        #expect((breaker.openCount, breaker.openings) == (1, 1))
        breaker.succeeded("h")
        #expect((breaker.openCount, breaker.openings) == (0, 1))
        #expect(breaker.admit(8, to: "h", now: trial) == nil)
    }

    @Test("A success in between starts the count anew, and the wait has an upper end")
    func bounds() {
        var breaker = CircuitBreaker(threshold: 2, longestWait: .seconds(4))
        for id in 0..<10 as Range<UInt64> {
            breaker.failed(id, at: "h", now: start)
            breaker.succeeded("h")
        }
        #expect(breaker.admit(10, to: "h", now: start) == nil)
        breaker.failed(10, at: "h", now: start)
        breaker.failed(11, at: "h", now: start)
        var now = start
        for id in 12..<20 as Range<UInt64> {
            now = now + (breaker.admit(id, to: "h", now: now) ?? .zero)
            #expect(breaker.admit(id, to: "h", now: now) == nil)
            breaker.failed(id, at: "h", now: now)
        }
        #expect(breaker.admit(20, to: "h", now: now) == .seconds(4))
    }

    @Test("Hosts that are forgotten for others count as open no more")
    func forgotten() {
        var breaker = CircuitBreaker(threshold: 1, capacity: 2)
        for id in 0..<5 as Range<UInt64> { breaker.failed(id, at: "h\(id)", now: start) }
        #expect((breaker.openCount, breaker.openings) == (2, 5))
    }

    @Test("A trial that shows nothing is followed by another")
    func lostTrial() {
        var breaker = CircuitBreaker(threshold: 1)
        breaker.failed(1, at: "h", now: start)
        #expect(breaker.admit(2, to: "h", now: start + .seconds(1)) == nil)
        #expect(breaker.admit(3, to: "h", now: start + .seconds(1)) == .seconds(1))
        #expect(breaker.admit(3, to: "h", now: start + .seconds(2)) == nil)
    }
}

@Suite("Bandwidth, as a value")
struct BandwidthLimiterTests {
    private let start = MonotonicTime.now()

    /// Lets transfers that always have bytes take them in turns for ten seconds: how many each class got.
    private func shares(_ limiter: BandwidthLimiter, wanting: [OriginPriority]) -> [OriginPriority: Int] {
        var (limiter, shares) = (limiter, [OriginPriority: Int]())
        var paused: Set<UInt64> = []
        for millisecond in 0..<10_000 {
            let now = start + .milliseconds(millisecond)
            for id in limiter.release(now: now) { paused.remove(id) }
            for (index, priority) in wanting.enumerated() where !paused.contains(UInt64(index)) {
                // A link of 100 MB/s for each.
                for _ in 0..<6 {
                    guard limiter.admit(UInt64(index), priority, now: now) else {
                        paused.insert(UInt64(index))
                        break
                    }
                    limiter.took(16_384, priority)
                    shares[priority, default: 0] += 16_384
                }
            }
        }
        return shares
    }

    @Test("The rate holds over time, and demand leaves nothing to the others while it wants everything")
    func demandFirst() {
        let limiter = BandwidthLimiter(all: 10_000_000, background: nil, now: start)
        let alone = shares(limiter, wanting: [.prefetch])
        #expect(95_000_000...105_000_000 ~= (alone[.prefetch] ?? 0))
        let together = shares(limiter, wanting: [.prefetch, .completion, .demand])
        #expect((together[.demand] ?? 0) > 95_000_000)
        #expect((together[.completion] ?? 0) < 2_000_000)
        #expect((together[.prefetch] ?? 0) < 2_000_000)
        let background = shares(limiter, wanting: [.prefetch, .completion])
        #expect((background[.completion] ?? 0) > 95_000_000)
    }

    @Test("W33: the lower rate holds what no client waits for, and leaves demand alone")
    func background() {
        let limiter = BandwidthLimiter(all: 40_000_000, background: 5_000_000, now: start)
        let alone = shares(limiter, wanting: [.prefetch, .prefetch])
        #expect(45_000_000...55_000_000 ~= (alone[.prefetch] ?? 0))
        let together = shares(limiter, wanting: [.prefetch, .demand])
        #expect((together[.prefetch] ?? 0) < 55_000_000)
        #expect((together[.demand] ?? 0) > 340_000_000)
    }

    @Test("Without limits everything is admitted at once")
    func none() {
        var limiter = BandwidthLimiter(all: nil, background: nil, now: start)
        limiter.took(1 << 40, .prefetch)
        #expect(limiter.admit(1, .prefetch, now: start) == true)
        #expect(limiter.nextRelease(now: start) == nil)
    }

    @Test("Waiting transfers are released in time, and withdrawn ones are forgotten")
    func waiting() throws {
        var limiter = BandwidthLimiter(all: 1_000_000, background: nil, now: start)
        limiter.took(1_000_000, .demand)
        #expect(limiter.admit(1, .demand, now: start) == false)
        let next = limiter.nextRelease(now: start)
        let wait = try #require(next)
        #expect(limiter.release(now: start + wait / 2) == [])
        #expect(limiter.release(now: start + wait + .milliseconds(1)) == [1])
        limiter.took(10_000_000, .demand)
        #expect(limiter.admit(2, .demand, now: start + wait) == false)
        limiter.withdraw(2)
        #expect(limiter.nextRelease(now: start + wait) == nil)
    }
}

@Suite("Limits over real sockets")
struct LimitTests {
    private let object = FaultyObject(length: 3_000_000, seed: 2)

    @Test("A host that fails again and again is left alone, then tried again")
    func circuit() throws {
        let script = FaultyScript(object, [FaultyRule(.status("503 Busy"), turns: 0..<4)])
        let faulty = try FaultyOrigin(script: script)
        let curl = OriginGateway.forLoopback { $0.failuresToOpenCircuit = 4 }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        func ask() -> Recorder {
            let recorder = Recorder()
            _ = curl.start(OriginRequest(url: faulty.url, range: .from(0)), into: recorder)
            _ = recorder.outcome()
            return recorder
        }
        for _ in 0..<4 { #expect(ask().head?.status == 503) }
        let error = try #require(ask().error())
        #expect(error.kind == .circuitOpen)
        #expect(error.isRetryable)
        let wait = try #require(error.retryAfter)
        #expect(wait > .zero && wait <= .seconds(1))
        #expect(faulty.requests.count == 4)
        var recorder = ask()
        let deadline = ContinuousClock.now + .seconds(20)
        while recorder.head == nil, ContinuousClock.now < deadline { recorder = ask() }
        #expect(recorder.head?.status == 206)
        #expect(ask().head?.status == 206)
        #expect(faulty.requests.count == 6)
    }

    @Test("Refused connections open the circuit as well, a 404 or 501 does not")
    func kinds() throws {
        let gone = try FaultyOrigin { _, _ in }
        gone.stop()
        let faulty = try FaultyOrigin { request, connection in
            connection.respond(request.target == "/404" ? "404 Not Found" : "501 Not Implemented")
        }
        let curl = OriginGateway.forLoopback { $0.failuresToOpenCircuit = 2 }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        func ask(_ url: String) -> OriginError.Kind? {
            let recorder = Recorder()
            _ = curl.start(OriginRequest(url: url), into: recorder)
            return recorder.error()?.kind
        }
        #expect((0..<3).map { _ in ask(gone.url) } == [.unreachable, .unreachable, .circuitOpen])
        #expect((0..<3).map { _ in ask(faulty.url + "/404") } == [nil, nil, nil])
        #expect((0..<3).map { _ in ask(faulty.url + "/501") } == [nil, nil, nil])
    }

    @Test("Bandwidth is held to the configured rate, every byte arrives, and waiting for it is no stall")
    func bandwidth() throws {
        let faulty = try FaultyOrigin(script: FaultyScript(object))
        let curl = OriginGateway.forLoopback {
            $0.bandwidth = 8_000_000
            $0.transfers.noProgressTimeout = .milliseconds(100)
        }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        let recorders = (0..<2).map { _ in Recorder() }
        let took = ContinuousClock().measure {
            for recorder in recorders { _ = curl.start(OriginRequest(url: faulty.url + "/o"), into: recorder) }
            for recorder in recorders { #expect(recorder.outcome() == .complete(hasCleanEnd: true)) }
        }
        // 6 MB at 8 MB/s, less the tenth of a second the bucket holds at first.
        #expect(took > .milliseconds(600))
        for recorder in recorders { #expect(recorder.now.body == object.bytes(0..<3_000_000)) }
    }

    @Test("A range may end where no object does")
    func longestRange() throws {
        try withOrigins {
            $1.respond()
        } run: { faulty, curl in
            let recorder = Recorder()
            let range = RangeSpec.bounded(first: 0, last: .max)
            _ = curl.start(OriginRequest(url: faulty.url, range: range), into: recorder)
            #expect(recorder.outcome() != nil)
            #expect(faulty.requests.map { $0.headers[.range] } == ["bytes=0-9223372036854775807"])
        }
    }

    @Test("A transfer that a client joins goes on at once, whatever its class would have had to wait for")
    func raisedBandwidth() throws {
        let faulty = try FaultyOrigin(script: FaultyScript(object))
        let curl = OriginGateway.forLoopback { $0.backgroundBandwidth = 1_000 }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        let prefetch = Recorder()
        let transfer = curl.start(OriginRequest(url: faulty.url + "/p", priority: .prefetch), into: prefetch)
        try #require(prefetch.wait { $0.offers > 0 })
        transfer.raise(to: .demand)
        #expect(prefetch.outcome() == .complete(hasCleanEnd: true))
    }

    @Test("W33: what no client waits for has its own rate, and demand passes it by")
    func prefetchBandwidth() throws {
        let faulty = try FaultyOrigin(script: FaultyScript(object))
        let curl = OriginGateway.forLoopback { $0.backgroundBandwidth = 1_000_000 }
        defer {
            curl.shutdown()
            faulty.stop()
        }
        let (prefetch, demand) = (Recorder(), Recorder())
        let transfer = curl.start(OriginRequest(url: faulty.url + "/p", priority: .prefetch), into: prefetch)
        try #require(prefetch.wait { $0.offers > 0 })
        _ = curl.start(OriginRequest(url: faulty.url + "/d"), into: demand)
        #expect(demand.outcome() == .complete(hasCleanEnd: true))
        #expect(prefetch.now.outcomes.isEmpty)
        #expect(prefetch.now.body.count < 2_000_000)
        transfer.resume()  // has no say in it
        transfer.cancel()
        #expect(prefetch.outcome() == .cancelled)
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

/// rule:trust-bytes-not-claims. 2,000 random exchanges of claims and wishes, 100,000 with SEED_SOAK. What would take
/// longer for a longer claim would not end, so that a time limit tells of it.
@Suite("Claimed lengths", .timeLimit(.minutes(Seeded.isSoak ? 60 : 5)))
struct ClaimTests {
    private static let parts = 8
    private static let rounds = Seeded.isSoak ? 12_500 : 250

    @Test(
        "Whatever lengths an origin claims, each response is judged and each wish planned at once", arguments: 0..<parts
    )
    func machine(_ part: Int) {
        var random = Seeded(Seeded.seed(41, part))
        for _ in 0..<Self.rounds { Self.play(&random) }
    }

    @Test("An origin that gives a byte for each request is not asked for ever, neither for a reader nor ahead of one")
    func dribble() {
        var driver = MachineDriver()
        driver.known(length: 1 << 57, first: 1)
        driver.machine.prefetches = true
        var cursor = driver.open(nil)
        var requests = 0
        loop: while requests < 100 {
            switch driver.poll(&cursor) {
            case .failed: break loop
            case .wait: break
            default: continue
            }
            let orders = driver.orders()
            for order in orders {
                guard let start = order.range?.lowerBound else { continue }
                _ = driver.part(order.id, start, start + 1, of: 1 << 57)
                driver.wrote(order.id, start, start + 1)
                driver.ended(order.id)
                requests += 1
            }
            if orders.isEmpty { driver.resume() }
        }
        #expect(requests < 50)
        driver.close(cursor)
        for order in driver.orders() { driver.ended(order.id) }
        #expect(driver.orders().isEmpty)
    }

    private static func play(_ random: inout Seeded) {
        var driver = MachineDriver { $0.taskSizeLimit = nil }
        var cursors = (0..<1 + random.below(3)).map { _ in driver.open(random.wish()) }
        if random.chance(1, in: 3) { driver.machine.prefetches = true }
        for index in cursors.indices { _ = driver.poll(&cursors[index]) }
        driver.absent()
        // Each step orders a few flights at most, and they end.
        for _ in 0..<12 {
            for order in driver.orders() { respond(order, &driver, &random) }
            for index in cursors.indices {
                let result = driver.poll(&cursors[index], limit: 1 << 20)
                if case .bytes(let range) = result { #expect(range.count <= 1 << 20) }
            }
        }
        for cursor in cursors { driver.close(cursor) }
        for order in driver.orders() { respond(order, &driver, &random) }
        #expect(driver.machine.flights.count <= driver.machine.configuration.concurrentFlights)
    }

    private static func respond(_ order: FlightOrder, _ driver: inout MachineDriver, _ random: inout Seeded) {
        let head = random.head(for: order.ask)
        let generation = order.purpose == .revalidation ? nil : driver.machine.generation
        let known = generation.map { KnownGeneration(total: $0.length, validator: $0.validator) }
        let judged = JudgedHead(
            admission: ResponseAdmission.judge(head, asked: order.ask, condition: order.condition, known: known),
            headers: head.headers.representation, madeAt: driver.now.wall - .seconds(head.headers.ageInSeconds),
            retry: Retry(head, now: driver.now.wall), room: random.pick([0, 1 << 20, .max]))
        let now = driver.now
        switch driver.machine.head(order.id, judged, now: now, &driver.output) {
        case .keep(let keep):
            #expect(keep.range.upperBound <= ResponseAdmission.longestObject && keep.bodyStart <= keep.range.lowerBound)
            if driver.machine.generation?.counter == nil { driver.created() }
            let end = min(keep.range.upperBound, keep.range.lowerBound + Int64(random.below(600_000)))
            driver.wrote(order.id, keep.range.lowerBound, end)
            driver.ended(order.id, end == keep.range.upperBound ? .complete : .failed(.shortResponse, .later))
        case .collect:
            driver.ended(
                order.id, .errorResponse(OriginErrorResponse(status: head.status, headers: head.headers, body: Bytes()))
            )
        case .passOn: Issue.record("a flight for one stream")
        case .needsRoom: driver.ended(order.id, .bypass(.noRoom))
        case .reject(let outcome): driver.ended(order.id, outcome)
        }
        if random.chance(1, in: 4) { driver.resume() }
    }
}

extension Seeded {
    private static let numbers: [Int64] = [
        0, 1, 2, 262_143, 262_144, 4 << 20, (4 << 20) + 1, 1 << 31, 1 << 32, 1 << 40, 1 << 53, 1 << 57, 1 << 58,
        (1 << 60) - 1, 1 << 60, (1 << 60) + 1, 1 << 62, .max - 1, .max,
    ]

    fileprivate mutating func number() -> Int64 {
        switch below(4) {
        case 0: Int64(below(20 << 20))
        case 1: Int64(bitPattern: next() >> UInt64(1 + below(62)))
        default: pick(Self.numbers)
        }
    }

    /// Digits, some of them more than any integer holds.
    private mutating func digits() -> String {
        chance(1, in: 12) ? String(repeating: "9", count: 19 + below(20)) : String(number())
    }

    fileprivate mutating func wish() -> RangeSpec? {
        let first = number()
        switch below(4) {
        case 0: return nil
        case 1: return .from(first)
        case 2: return .suffix(first)
        default: return .bounded(first: first, last: max(first, number()))
        }
    }

    /// What an origin might answer: often something that fits, but for its total.
    fileprivate mutating func head(for ask: RangeSpec) -> OriginHead {
        var fields: HTTPFields = [.eTag: "\"v1\""]
        if chance(1, in: 8) { fields[.eTag] = nil }
        if chance(1, in: 8) { fields[.age] = digits() }
        if chance(1, in: 8) { fields[.retryAfter] = digits() }
        if chance(1, in: 8) { fields[.cacheControl] = "max-age=\(digits())" }
        let total = number()
        let range = ask.resolve(length: total) ?? ByteRange(0, min(1, total))
        switch below(8) {
        case 0, 1, 2:
            let (first, last) =
                chance(1, in: 6) ? (digits(), digits()) : ("\(range.lowerBound)", "\(range.upperBound - 1)")
            fields[.contentRange] = "bytes \(first)-\(last)/\(chance(1, in: 12) ? "*" : "\(total)")"
            if chance(1, in: 2) { fields[.contentLength] = "\(range.count)" }
            return OriginHead(status: 206, headers: fields)
        case 3, 4, 5:
            fields[.contentLength] = chance(1, in: 6) ? digits() : "\(total)"
            return OriginHead(status: 200, headers: fields)
        case 6:
            fields[.contentRange] = "bytes */\(digits())"
            return OriginHead(status: 416, headers: fields)
        default: return OriginHead(status: pick([304, 404, 403, 412, 429, 500, 503]), headers: fields)
        }
    }
}

import EventLoops
import HTTPSemantics
import HTTPTransfers
import SeedSupport
import SeedTestSupport

/// A delegate that keeps what it is told, so that a test can wait for it and look, and does what it is told to.
final class Recorder: TransferDelegate, Sendable {
    struct Record {
        var interim: [TransferHead] = []
        var heads: [TransferHead] = []
        var body: [UInt8] = []
        var trailers: [HTTPFields] = []
        var outcomes: [TransferOutcome] = []
        var offers = 0
        var wishes = 0
        /// Calls after the end, or a body before a head: what must not happen.
        var misused: [String] = []
        var misuses: Int { misused.count }
        /// What is still to be sent.
        var toSend: [UInt8] = []
        var isBodyComplete = true
    }

    enum Event: CaseIterable {
        case interim, head, body, trailers, wish, end
    }

    private let record: Lock<Record>
    private let changed = Signal()
    private let transfer = Lock<LoopBound<Transfer>?>(nil)
    private let intake: @Sendable (Int) -> TransferIntake
    private let reaction: @Sendable (Event, Transfer) -> Void

    /// - Parameters:
    ///   - sending: the request's body; nil: `supply` brings it.
    ///   - intake: the response to each offer of bytes, counted from 0.
    ///   - reaction: done in each callback.
    init(
        sending: [UInt8]? = [], intake: @escaping @Sendable (Int) -> TransferIntake = { _ in .taken },
        reaction: @escaping @Sendable (Event, Transfer) -> Void = { _, _ in }
    ) {
        record = Lock(Record(toSend: sending ?? [], isBodyComplete: sending != nil))
        self.intake = intake
        self.reaction = reaction
    }

    /// Begins the transfer.
    func begin(_ request: TransferRequest, on driver: TransferDriver) {
        driver.loop.post { [self] in
            let bound = LoopBound(driver.begin(request, self), on: driver.loop)
            transfer.withLock { $0 = bound }
        }
        self.driver.withLock { $0 = driver }
    }

    private let driver = Lock<TransferDriver?>(nil)

    /// Has something done with the transfer on its loop.
    func onLoop(_ work: @escaping @Sendable (Transfer) -> Void) {
        driver.withLock { $0 }?.loop.post { [transfer] in
            if let transfer = transfer.withLock({ $0 }) { work(transfer.value) }
        }
    }

    /// On the loop: does something with the transfer at once.
    func withTransfer(_ work: (Transfer) -> Void) {
        if let transfer = transfer.withLock({ $0 }) { work(transfer.value) }
    }

    /// More of the request's body.
    func supply(_ bytes: [UInt8], isComplete: Bool = false) {
        record.withLock { record in
            record.toSend += bytes
            record.isBodyComplete = isComplete
        }
        onLoop { $0.resumeSending() }
    }

    var now: Record { record.withLock { $0 } }
    var head: TransferHead? { now.heads.first }

    func outcome(within seconds: Double = 20) -> TransferOutcome? {
        changed.wait(within: seconds) { self.now.outcomes.first }
    }

    func error(within seconds: Double = 20) -> TransferError? {
        guard case .failed(let error) = outcome(within: seconds) else { return nil }
        return error
    }

    /// Waits until the record looks so. False after `seconds`.
    func wait(within seconds: Double = 20, until isSo: (Record) -> Bool) -> Bool {
        changed.wait(within: seconds) { isSo(self.now) ? true : nil } ?? false
    }

    // MARK: What the transfer reports

    func transferInterim(_ head: TransferHead) {
        note(.interim) { $0.interim.append(head) }
    }

    func transferHead(_ head: TransferHead) -> Bool {
        note(.head) { record in
            if !record.heads.isEmpty { record.misused.append("a second head: \(head)") }
            record.heads.append(head)
        }
        return true
    }

    func transferBody(_ bytes: UnsafeRawBufferPointer) -> TransferIntake {
        let intake = intake(now.offers)
        note(.body) { record in
            if record.heads.isEmpty || bytes.isEmpty {
                record.misused.append(
                    "\(record.heads.isEmpty ? "a body before a head" : "an empty body"): \(Array(bytes))")
            }
            record.offers += 1
            if intake == .taken { record.body += bytes }
        }
        return intake
    }

    func transferTrailers(_ fields: HTTPFields) {
        note(.trailers) { $0.trailers.append(fields) }
    }

    func transferNeedsBody(_ room: UnsafeMutableRawBufferPointer) -> TransferSupply {
        var supply = TransferSupply.nothingYet
        note(.wish) { record in
            record.wishes += 1
            let count = min(room.count, record.toSend.count)
            room.copyBytes(from: record.toSend.prefix(count))
            record.toSend.removeFirst(count)
            if count > 0 { supply = .bytes(count) } else if record.isBodyComplete { supply = .end }
        }
        return supply
    }

    func transferEnded(_ outcome: TransferOutcome) {
        note(.end) { $0.outcomes.append(outcome) }
    }

    private func note(_ event: Event, _ change: (inout Record) -> Void) {
        record.withLock { record in
            if !record.outcomes.isEmpty { record.misused.append("\(event) after the end") }
            change(&record)
        }
        // Not yet known in the first turn: `begin` calls nothing.
        if let transfer = transfer.withLock({ $0 }) { reaction(event, transfer.value) }
        changed.notify()
    }
}

extension TransferDriver {
    /// Has something done on the loop from a timer. What becomes ready meanwhile is handled in the next turn in the order
    /// in which it did: sockets, then what is posted; after a posted block it would be the other way about.
    func fromTimer(_ work: @escaping @Sendable () -> Void) {
        loop.post { [loop] in
            let kept = Lock<LoopBound<LoopTimer>?>(nil)
            let timer = loop.makeTimer {
                work()
                kept.withLock { $0 = nil }
            }
            timer.schedule(after: .milliseconds(5))
            let bound = LoopBound(timer, on: loop)
            kept.withLock { $0 = bound }
        }
    }
}

/// Things that a test's threads have done, to be waited for.
final class Counter: Sendable {
    private let count = Lock(0)
    private let changed = Signal()

    var value: Int { count.withLock { $0 } }

    func add() {
        count.withLock { $0 += 1 }
        changed.notify()
    }

    func wait(for wanted: Int) -> Bool {
        changed.wait(within: 20) { count.withLock { $0 } >= wanted ? true : nil } ?? false
    }
}

/// A driver and a server of raw bytes, both stopped afterwards.
func withServer(
    _ adjust: (inout TransferSettings) -> Void = { _ in }, maximumSegment: Int32? = nil,
    _ handler: @escaping RawServer.Handler,
    run: (RawServer, TransferDriver) throws -> Void
) throws {
    var settings = TransferSettings()
    adjust(&settings)
    let server = try RawServer(maximumSegment: maximumSegment, handler)
    let driver = TransferDriver(settings)
    defer {
        driver.shutdown()
        server.stop()
    }
    try run(server, driver)
}

/// The same with a scripted origin.
func withOrigin(
    _ adjust: (inout TransferSettings) -> Void = { _ in }, _ handler: @escaping FaultyOrigin.Handler,
    run: (FaultyOrigin, TransferDriver) throws -> Void
) throws {
    var settings = TransferSettings()
    adjust(&settings)
    let origin = try FaultyOrigin(handler)
    let driver = TransferDriver(settings)
    defer {
        driver.shutdown()
        origin.stop()
    }
    try run(origin, driver)
}

func pattern(_ count: Int) -> [UInt8] {
    var random = Seeded(7)
    return (0..<count / 8 + 1).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }.dropLast(8 - count % 8)
}

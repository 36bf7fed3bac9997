import SeedOrigin
import SeedSupport
import SeedTestSupport

/// A sink that keeps what it is told, so that a test can wait for it and look.
final class Recorder: OriginSink {
    struct Record {
        var heads: [OriginHead] = []
        var body: [UInt8] = []
        var outcomes: [OriginOutcome] = []
        var offers = 0
        /// Calls after the end, or a body before a head: what must not happen.
        var misuses = 0
    }

    private let record = Lock(Record())
    private let changed = Signal()
    private let disposition: ResponseDisposition
    private let refuses: @Sendable (Int) -> Bool

    /// - Parameter refuses: says for each offer, counted from 0, whether it is answered with a pause.
    init(
        _ disposition: ResponseDisposition = .accept(limit: nil),
        refuses: @escaping @Sendable (Int) -> Bool = { _ in false }
    ) {
        self.disposition = disposition
        self.refuses = refuses
    }

    func head(_ head: OriginHead) -> ResponseDisposition {
        record.withLock { record in
            if !record.heads.isEmpty || !record.outcomes.isEmpty { record.misuses += 1 }
            record.heads.append(head)
        }
        changed.notify()
        return disposition
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> OriginIntake {
        let intake: OriginIntake = record.withLock { record in
            if record.heads.isEmpty || !record.outcomes.isEmpty || bytes.isEmpty { record.misuses += 1 }
            defer { record.offers += 1 }
            if refuses(record.offers) { return .pause }
            record.body += bytes
            return .taken
        }
        changed.notify()
        return intake
    }

    func end(_ outcome: OriginOutcome) {
        record.withLock { $0.outcomes.append(outcome) }
        changed.notify()
    }

    var now: Record { record.withLock { $0 } }
    var head: OriginHead? { now.heads.first }

    /// The outcome, once there. Nil if there is none after `seconds`.
    func outcome(within seconds: Double = 20) -> OriginOutcome? {
        changed.wait(within: seconds) { self.now.outcomes.first }
    }

    func error(within seconds: Double = 20) -> OriginError? {
        guard case .failed(let error) = outcome(within: seconds) else { return nil }
        return error
    }

    /// Waits until the record looks so. False after `seconds`.
    func wait(within seconds: Double = 20, until isSo: (Record) -> Bool) -> Bool {
        changed.wait(within: seconds) { isSo(self.now) ? true : nil } ?? false
    }
}

extension OriginGateway {
    /// An origin that may dial loopback.
    static func forLoopback(
        metrics: MetricsRegistry = MetricsRegistry(prefix: ""), _ adjust: (inout OriginConfiguration) -> Void = { _ in }
    ) -> OriginGateway {
        var configuration = OriginConfiguration()
        configuration.allowedAddresses = ["127.0.0.0/8", "::1"].compactMap(CIDR.init)
        adjust(&configuration)
        return OriginGateway(configuration: configuration, logger: .quiet, metrics: metrics)
    }
}

/// Bytes in which every place differs from its neighbours, so that a gap or a repetition shows.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 32)
    }
}

/// Starts a faulty origin and a curl origin, and stops both afterwards.
func withOrigins(
    _ adjust: (inout OriginConfiguration) -> Void = { _ in }, _ handler: @escaping FaultyOrigin.Handler,
    run: (FaultyOrigin, OriginGateway) throws -> Void
) throws {
    let faulty = try FaultyOrigin(handler)
    let curl = OriginGateway.forLoopback(adjust)
    defer {
        curl.shutdown()
        faulty.stop()
    }
    try run(faulty, curl)
}

/// Numbers from 0, each once.
final class Counter: Sendable {
    private let value = Lock(0)

    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}

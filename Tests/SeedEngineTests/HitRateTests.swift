import DragonflyIdentity
import EvictionSimulation
import Foundation
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("A store smaller than what is asked of it")
struct HitRateTests {
    private static let piece = 64 << 10
    /// Each object has room for the longest of the trace.
    private static let length = 16 * piece
    private static let object = objectBytes(0..<length)

    @Test(
        "keeps nine tenths of the hits that the order of eviction has by itself, fails nobody, and stays in its budget")
    func hitRate() throws {
        let trace = Trace.small()
        let share = 0.25
        let budget = Int64(Double(trace.footprint) * share)
        let harness = try EngineHarness {
            $0.spanLength = Int64(Self.piece)
            $0.firstWindow = Int64(Self.piece)
        } store: {
            $0.limits = SpaceLimits(capacity: budget, headroom: 0)
        }
        defer { harness.close() }
        var fetched = 0
        for (number, access) in trace.accesses.enumerated() {
            fetched += try read(access, harness)
            // As in the simulation, no two reads count as one.
            harness.clock.pass(.milliseconds(3_600_000))
            try waitForRoom(harness)
            guard number % 100 == 0 else { continue }
            let files = harness.contentFiles()
            #expect(files.bytes <= budget + budget / 100 + Int64(files.count) << 16)
        }
        let asked = trace.accesses.reduce(0) { $0 + $1.bytes }
        let rate = 1 - Double(fetched) / Double(asked)
        let simulated = simulate(SegmentedLRU.self, trace, share: share).hitRate
        #expect(harness.store.health.evictedPieces > 0)
        #expect(rate >= 0.9 * simulated, "store \(rate), simulation \(simulated)")
        #expect(harness.engine.counters.directStreams.current == 0)
    }

    /// How fast the disk makes room is not what is compared here.
    private func waitForRoom(_ harness: EngineHarness) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while harness.store.availableBytes < 2 * Int64(Self.piece) {
            try #require(ContinuousClock.now < deadline, "no room is made")
            harness.turnAllThreads()
        }
    }

    /// Reads one piece, which must be right.
    /// - Returns: bytes that the origin was asked for.
    private func read(_ access: Access, _ harness: EngineHarness) throws -> Int {
        let first = Int64(access.piece % 4_096 * Self.piece)
        let number = access.piece / 4_096
        let signal = Signal()
        let request = TaskRequest(
            key: try #require(
                StoreKey(bytes: (0..<32).map { UInt8(truncatingIfNeeded: $0 < 8 ? number >> (8 * $0) : 0) })),
            wireID: TaskID("wire"), url: "http://origin/\(number)",
            range: .bounded(first: first, last: first + Int64(access.bytes) - 1), pieceLength: Int64(Self.piece),
            freshness: FreshnessRule(isImmutable: true))
        let client = Client(harness.engine.open(request) { signal.notify() }, signal)
        let asked = harness.play(client, length: Self.length)
        #expect(client.isAtEnd && client.bytes == Array(Self.object[Int(first)..<Int(first) + access.bytes]))
        return asked.reduce(0) { $0 + $1.count }
    }
}

extension EngineHarness {
    /// What the content files take on the volume.
    func contentFiles() -> (count: Int, bytes: Int64) {
        let root = directory.path("store/content")
        var (count, bytes) = (0, Int64(0))
        for name in FileManager.default.subpaths(atPath: root) ?? [] where name.contains(".") {
            var status = stat()
            guard stat("\(root)/\(name)", &status) == 0 else { continue }
            count += 1
            bytes += Int64(status.st_blocks) * 512
        }
        return (count, bytes)
    }
}

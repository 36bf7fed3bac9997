import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedEngine
import SeedEngineTestSupport
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

/// Random bits of content and of record values: 40 flips, 1,000 with SEED_SOAK.
@Suite("Flipped bits")
struct FlipTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEED_SOAK"] == nil ? 4 : 100
    private static let length = 20_000_000

    @Test("are never served, are healed, and what they did not touch is served with zero origin bytes")
    func campaign() throws {
        // Put the number of a failure here to see the same flips again.
        let seed = UInt64.random(in: 0..<1 << 32)
        var random = Seeded(seed)
        let harness = try EngineHarness()
        defer { harness.close() }
        #expect(try fetch(harness).isEmpty)
        for round in 0..<Self.rounds {
            harness.close()
            let touched = try (0..<10).reduce(into: Set<Int>()) { touched, _ in
                let flipped = try random.chance(1, in: 2) ? flipContent(harness, &random) : flipRecord(harness, &random)
                touched.formUnion(flipped)
            }
            try harness.reopen()
            let fetched = try fetch(harness)
            #expect(fetched.isSubset(of: touched), "round \(round), seed \(seed)")
            // Healed: nothing has to be fetched again, and the closed store is sound.
            #expect(try fetch(harness).isEmpty, "round \(round), seed \(seed)")
        }
        harness.close()
        let report = try StoreRepair(directory: harness.directory.path("store")).verify { _, _ in }
        #expect(report.isSound && report.bytes == Self.length, "\(report.findings), seed \(seed)")
        try harness.reopen()
    }

    /// Reads the whole object, which must be right.
    /// - Returns: the blocks that the origin was asked for; the first reading asks for all and counts none.
    private func fetch(_ harness: EngineHarness) throws -> Set<Int> {
        let isFirst = try harness.store.task(EngineHarness.key(1)) == nil
        // The long campaign takes longer than a response is fresh.
        let client = try harness.open(pieceLength: 4 << 20, freshness: FreshnessRule(isImmutable: true))
        let asked = harness.play(client, length: Self.length)
        #expect(client.bytes == Self.object)
        #expect(harness.store.flush())
        return isFirst ? [] : asked.reduce(into: Set<Int>()) { $0.formUnion(Self.blocks($1)) }
    }

    private static let object = objectBytes(0..<length)

    private static func blocks(_ range: Range<Int>) -> Set<Int> {
        Set(range.lowerBound / 262_144...(range.upperBound - 1) / 262_144)
    }

    /// - Returns: the block that is bad now.
    private func flipContent(_ harness: EngineHarness, _ random: inout Seeded) throws -> Set<Int> {
        let offset = random.below(Self.length)
        try harness.damage(at: offset)
        return [offset / 262_144]
    }

    /// - Returns: the blocks of the piece whose record is bad now.
    private func flipRecord(_ harness: EngineHarness, _ random: inout Seeded) throws -> Set<Int> {
        var configuration = StorageConfiguration()
        configuration.directory = harness.directory.path("store")
        configuration.threads = 1
        configuration.taskTTL = nil
        configuration.scrubRate = 0
        let store = try PieceStore.open(configuration, logger: .quiet)
        defer { store.close() }
        let record = try #require(try store.task(EngineHarness.key(1)))
        let number = random.below(record.layout.pieceCount)
        let key = PieceName(file: record.file, number: number).tableKey
        let (place, bit) = (random.below(1 << 20), UInt8(random.below(8)))
        let index = try store.reader.openIndex()
        try index.environment.write { transaction throws(LMDBError) in
            guard var value = try transaction.get(key, in: index.pieces) else { return }
            value[1 + place % (value.count - 1)] ^= 1 << bit
            try transaction.put(value, for: key, in: index.pieces)
        }
        let range = record.layout.range(of: number)
        return Self.blocks(Int(range.lowerBound)..<Int(range.upperBound))
    }
}

import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Evicting pieces of tasks in memory")
struct EvictionDelegateTests {
    private static let length = 12 << 20
    private static let object = objectBytes(0..<length)

    private func withFilledHouse(_ body: (EngineHarness, FileName) throws -> Void) throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try harness.open(pieceLength: 4 << 20)
        harness.play(client, length: Self.length)
        harness.store.flush()
        try body(harness, FileName(key: EngineHarness.key(1), generation: harness.generation()))
    }

    @Test("a piece that nobody reads is evicted; it is neither served nor filled until that is done, then fetched anew")
    func evicts() throws {
        try withFilledHouse { harness, file in
            guard
                case .evicting(let content, let evicted) = harness.engine.beginEviction(
                    of: PieceName(file: file, number: 1))
            else {
                Issue.record("not evicting")
                return
            }
            #expect(content.generation == file.generation)
            // Whoever loaded the task anew would fill what is about to be punched.
            #expect(!harness.engine.forget(file.key))
            let client = try harness.open(pieceLength: 4 << 20)
            while client.bytes.count < 4 << 20 { guard client.step(within: 1) != nil else { break } }
            #expect(client.bytes.count == 4 << 20)
            #expect(client.step(within: 0.05) == nil)
            harness.turnAllThreads()
            #expect(harness.origin.next(within: 0) == nil)
            #expect(client.head?.cacheStatus != .hit)
            try content.punch(ByteRange(4 << 20, 8 << 20))
            evicted()
            let asked = harness.play(client, length: Self.length)
            #expect(client.bytes == Self.object)
            #expect(asked.map(\.count).reduce(0, +) == 4 << 20)
        }
    }

    @Test("W31: a piece that somebody waits for or still wants is not evicted")
    func inUse() throws {
        try withFilledHouse { harness, file in
            let client = try harness.open(pieceLength: 4 << 20)
            _ = client.step()
            guard case .inUse = harness.engine.beginEviction(of: PieceName(file: file, number: 2)) else {
                Issue.record("evicting")
                return
            }
            harness.play(client, length: Self.length)
            guard case .evicting = harness.engine.beginEviction(of: PieceName(file: file, number: 2)) else {
                Issue.record("not evicting")
                return
            }
            // Once is enough.
            guard case .inUse = harness.engine.beginEviction(of: PieceName(file: file, number: 2)) else {
                Issue.record("evicting twice")
                return
            }
        }
    }

    @Test("of another generation, or of a task that is not in memory, nothing is evicted")
    func others() throws {
        try withFilledHouse { harness, file in
            let old = FileName(key: file.key, generation: file.generation + 1)
            guard case .inUse = harness.engine.beginEviction(of: PieceName(file: old, number: 0)) else {
                Issue.record("evicting")
                return
            }
            let other = FileName(key: try EngineHarness.key(9), generation: 1)
            guard case .unknown = harness.engine.beginEviction(of: PieceName(file: other, number: 0)) else {
                Issue.record("known")
                return
            }
            #expect(harness.engine.forget(file.key))
            guard case .unknown = harness.engine.beginEviction(of: PieceName(file: file, number: 0)) else {
                Issue.record("not forgotten")
                return
            }
        }
    }

    @Test("only an idle task is forgotten")
    func forgets() throws {
        try withFilledHouse { harness, file in
            let client = try harness.open(pieceLength: 4 << 20)
            _ = client.step()
            #expect(!harness.engine.forget(file.key))
            client.stream.close()
            #expect(harness.engine.forget(file.key))
        }
    }

    @Test("a suspect block is checked again: a bad one is fetched anew before a byte of it leaves, a good one stays")
    func suspects() throws {
        try withFilledHouse { harness, file in
            try harness.damage(at: 5_000_000)
            for block in [BlockIndex(piece: 1, block: 3), BlockIndex(piece: 0, block: 0)] {
                #expect(harness.engine.suspect(block, of: file))
            }
            let client = try harness.open(pieceLength: 4 << 20)
            let asked = harness.play(client, length: Self.length)
            #expect(client.bytes == Self.object)
            let bad = 4_194_304 + 3 * 262_144
            #expect(asked == [bad..<bad + 262_144])
        }
    }

    @Test("a store twice its budget streams through the engine: every byte right, usage bounded, nothing relayed")
    func streamsThrough() throws {
        let capacity: Int64 = 64 << 20
        let harness = try EngineHarness(store: { $0.limits = SpaceLimits(capacity: capacity, headroom: 0) })
        defer { harness.close() }
        for number in 1...12 as ClosedRange<UInt8> {
            let client = try harness.open(key: number, pieceLength: 4 << 20)
            harness.play(client, length: Self.length)
            #expect(client.bytes == Self.object, "object \(number)")
            #expect(harness.store.contentBytes <= capacity)
        }
        #expect(harness.store.health.evictedPieces > 0)
        #expect(harness.engine.counters.directStreams.current == 0)
    }
}

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

    private func withFilledHouse(_ body: (EngineFixture, FileName) throws -> Void) throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let client = try fixture.open(pieceLength: 4 << 20)
        fixture.play(client, length: Self.length)
        fixture.store.flush()
        try body(fixture, FileName(key: EngineFixture.key(1), generation: fixture.generation()))
    }

    @Test("a piece that nobody reads is evicted; it is neither served nor filled until that is done, then fetched anew")
    func evicts() throws {
        try withFilledHouse { fixture, file in
            guard
                case .evicting(let content, let evicted) = fixture.engine.beginEviction(
                    of: PieceName(file: file, number: 1))
            else {
                Issue.record("not evicting")
                return
            }
            #expect(content.generation == file.generation)
            // Whoever loaded the task anew would fill what is about to be punched.
            #expect(!fixture.engine.forget(file))
            let client = try fixture.open(pieceLength: 4 << 20)
            while client.bytes.count < 4 << 20 { guard client.step(within: 1) != nil else { break } }
            #expect(client.bytes.count == 4 << 20)
            #expect(client.step(within: 0.05) == nil)
            fixture.turnAllThreads()
            #expect(fixture.origin.next(within: 0) == nil)
            #expect(client.head?.cacheStatus != .hit)
            try content.punch(ByteRange(4 << 20, 8 << 20))
            evicted()
            let asked = fixture.play(client, length: Self.length)
            #expect(client.bytes == Self.object)
            #expect(asked.map(\.count).reduce(0, +) == 4 << 20)
        }
    }

    @Test("W31: a piece that somebody waits for or still wants is not evicted")
    func inUse() throws {
        try withFilledHouse { fixture, file in
            let client = try fixture.open(pieceLength: 4 << 20)
            _ = client.step()
            guard case .inUse = fixture.engine.beginEviction(of: PieceName(file: file, number: 2)) else {
                Issue.record("evicting")
                return
            }
            fixture.play(client, length: Self.length)
            guard case .evicting = fixture.engine.beginEviction(of: PieceName(file: file, number: 2)) else {
                Issue.record("not evicting")
                return
            }
            // Once is enough.
            guard case .inUse = fixture.engine.beginEviction(of: PieceName(file: file, number: 2)) else {
                Issue.record("evicting twice")
                return
            }
        }
    }

    @Test("of another generation, or of a task that is not in memory, nothing is evicted")
    func others() throws {
        try withFilledHouse { fixture, file in
            let old = FileName(key: file.key, generation: file.generation + 1)
            guard case .inUse = fixture.engine.beginEviction(of: PieceName(file: old, number: 0)) else {
                Issue.record("evicting")
                return
            }
            let other = FileName(key: try EngineFixture.key(9), generation: 1)
            guard case .unknown = fixture.engine.beginEviction(of: PieceName(file: other, number: 0)) else {
                Issue.record("known")
                return
            }
            #expect(fixture.engine.forget(file))
            guard case .unknown = fixture.engine.beginEviction(of: PieceName(file: file, number: 0)) else {
                Issue.record("not forgotten")
                return
            }
        }
    }

    @Test("a task is forgotten only when nobody uses it")
    func forgets() throws {
        try withFilledHouse { fixture, file in
            let client = try fixture.open(pieceLength: 4 << 20)
            _ = client.step()
            #expect(!fixture.engine.forget(file))
            client.stream.close()
            #expect(fixture.engine.forget(file))
        }
    }

    @Test("a suspect block is checked again: a bad one is fetched anew before a byte of it leaves, a good one stays")
    func suspects() throws {
        try withFilledHouse { fixture, file in
            try fixture.damage(at: 5_000_000)
            for block in [BlockIndex(piece: 1, block: 3), BlockIndex(piece: 0, block: 0)] {
                #expect(fixture.engine.suspect(block, of: file))
            }
            let client = try fixture.open(pieceLength: 4 << 20)
            let asked = fixture.play(client, length: Self.length)
            #expect(client.bytes == Self.object)
            let bad = 4_194_304 + 3 * 262_144
            #expect(asked == [bad..<bad + 262_144])
        }
    }

    @Test("a store twice its budget streams through the engine: every byte right, usage bounded, nothing relayed")
    func streamsThrough() throws {
        let capacity: Int64 = 64 << 20
        let fixture = try EngineFixture(store: { $0.limits = SpaceLimits(capacity: capacity, headroom: 0) })
        defer { fixture.close() }
        for number in 1...12 as ClosedRange<UInt8> {
            let client = try fixture.open(key: number, pieceLength: 4 << 20)
            fixture.play(client, length: Self.length)
            #expect(client.bytes == Self.object, "object \(number)")
            #expect(fixture.store.contentBytes <= capacity)
        }
        #expect(fixture.store.health.evictedPieces > 0)
        #expect(fixture.engine.counters.directStreams.current == 0)
    }
}

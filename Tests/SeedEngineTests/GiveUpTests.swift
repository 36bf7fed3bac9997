import DragonflyIdentity
import SeedOrigin
import SeedStorage
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Giving pieces up")
struct GiveUpTests {
    private static let length = 12 << 20
    private static let object = objectBytes(0..<length)

    private func withFilledHouse(_ body: (EngineHouse, FileName) throws -> Void) throws {
        let house = try EngineHouse()
        defer { house.close() }
        let client = try house.open(pieceLength: 4 << 20)
        house.play(client, length: Self.length)
        house.store.flush()
        try body(house, FileName(key: EngineHouse.key(1), generation: house.generation()))
    }

    @Test("a piece that nobody reads is given up; it is neither served nor filled until it has left, then fetched anew")
    func givesUp() throws {
        try withFilledHouse { house, file in
            guard case .given(let content, let done) = house.engine.giveUp(PieceName(file: file, number: 1)) else {
                Issue.record("not given")
                return
            }
            #expect(content.generation == file.generation)
            // Whoever loaded the task anew would fill what is about to be punched.
            #expect(!house.engine.forget(file.key))
            let client = try house.open(pieceLength: 4 << 20)
            while client.bytes.count < 4 << 20 { guard client.step(within: 1) != nil else { break } }
            #expect(client.bytes.count == 4 << 20)
            #expect(client.step(within: 0.05) == nil)
            house.turnAllThreads()
            #expect(house.origin.next(within: 0) == nil)
            #expect(client.head?.cacheStatus != .hit)
            try content.punch(ByteRange(4 << 20, 8 << 20))
            done()
            let asked = house.play(client, length: Self.length)
            #expect(client.bytes == Self.object)
            #expect(asked.map(\.count).reduce(0, +) == 4 << 20)
        }
    }

    @Test("W31: a piece that somebody waits for or still wants is not given up")
    func inUse() throws {
        try withFilledHouse { house, file in
            let client = try house.open(pieceLength: 4 << 20)
            _ = client.step()
            guard case .inUse = house.engine.giveUp(PieceName(file: file, number: 2)) else {
                Issue.record("given")
                return
            }
            house.play(client, length: Self.length)
            guard case .given = house.engine.giveUp(PieceName(file: file, number: 2)) else {
                Issue.record("not given")
                return
            }
            // Once is enough.
            guard case .inUse = house.engine.giveUp(PieceName(file: file, number: 2)) else {
                Issue.record("given twice")
                return
            }
        }
    }

    @Test("of another generation, or of a task that is not in memory, nothing is given up")
    func others() throws {
        try withFilledHouse { house, file in
            let old = FileName(key: file.key, generation: file.generation + 1)
            guard case .inUse = house.engine.giveUp(PieceName(file: old, number: 0)) else {
                Issue.record("given")
                return
            }
            let other = FileName(key: try EngineHouse.key(9), generation: 1)
            guard case .unknown = house.engine.giveUp(PieceName(file: other, number: 0)) else {
                Issue.record("known")
                return
            }
            #expect(house.engine.forget(file.key))
            guard case .unknown = house.engine.giveUp(PieceName(file: file, number: 0)) else {
                Issue.record("not forgotten")
                return
            }
        }
    }

    @Test("a task is forgotten only when nobody uses it")
    func forgets() throws {
        try withFilledHouse { house, file in
            let client = try house.open(pieceLength: 4 << 20)
            _ = client.step()
            #expect(!house.engine.forget(file.key))
            client.stream.close()
            #expect(house.engine.forget(file.key))
        }
    }

    @Test("a suspect block is checked again: a bad one is fetched anew before a byte of it leaves, a good one stays")
    func suspects() throws {
        try withFilledHouse { house, file in
            try house.damage(at: 5_000_000)
            for block in [BlockIndex(piece: 1, block: 3), BlockIndex(piece: 0, block: 0)] {
                #expect(house.engine.suspect(block, of: file))
            }
            let client = try house.open(pieceLength: 4 << 20)
            let asked = house.play(client, length: Self.length)
            #expect(client.bytes == Self.object)
            let bad = 4_194_304 + 3 * 262_144
            #expect(asked == [bad..<bad + 262_144])
        }
    }

    @Test("a store twice its budget streams through the engine: every byte right, usage bounded, nothing relayed")
    func streamsThrough() throws {
        let capacity: Int64 = 64 << 20
        let house = try EngineHouse(store: { $0.limits = SpaceLimits(capacity: capacity, headroom: 0) })
        defer { house.close() }
        for number in 1...12 as ClosedRange<UInt8> {
            let client = try house.open(key: number, pieceLength: 4 << 20)
            house.play(client, length: Self.length)
            #expect(client.bytes == Self.object, "object \(number)")
            #expect(house.store.contentBytes <= capacity)
        }
        #expect(house.store.health.evictedPieces > 0)
        #expect(house.engine.counters.directStreams.current == 0)
    }
}

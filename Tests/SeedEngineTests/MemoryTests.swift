import DragonflyIdentity
import SeedOrigin
import SeedStorage
import SeedTestSupport
import Synchronization
import Testing

@testable import SeedEngine

@Suite("Hot blocks in memory (rule 20)")
struct MemoryTests {
    private static let length = 600_000
    private static let object = objectBytes(0..<length)
    private static let block = 262_144

    /// A store with the object in it, and memory for two blocks.
    private func withHouse(_ body: (EngineHouse) throws -> Void) throws {
        let house = try EngineHouse { $0.memoryCapacity = 2 * Self.block }
        defer { house.close() }
        let client = try house.open()
        _ = client.step(within: 0.05)
        try #require(house.origin.next()).serve(length: Self.length)
        guard case .end = client.readAll() else { return #expect(Bool(false), "no end") }
        client.stream.close()
        try body(house)
    }

    /// Reads a range, whose bytes must be right.
    /// - Returns: whether the first of them came from memory.
    @discardableResult
    private func read(_ house: EngineHouse, from first: Int = 1_000, count: Int = 200_000) throws -> Bool {
        let client = try house.open(.bounded(first: Int64(first), last: Int64(first + count) - 1))
        defer { client.stream.close() }
        var isMemory: Bool?
        while let step = client.step() {
            switch step {
            case .head: continue
            case .bytes(.memory): isMemory = isMemory ?? true
            case .bytes(.file): isMemory = isMemory ?? false
            default:
                #expect(client.bytes == Array(Self.object[first..<first + count]))
                return isMemory ?? false
            }
        }
        return false
    }

    /// Two reads that lie apart, and all that the store's threads have to do after them.
    private func makeHot(_ house: EngineHouse, from first: Int = 1_000, count: Int = 200_000) throws {
        for _ in 1...2 {
            try read(house, from: first, count: count)
            house.clock.pass(milliseconds: 3_000)
        }
        house.turnAllThreads()
    }

    @Test("a block that is read again after a while goes into memory and is served from there, byte for byte")
    func takesIn() throws {
        try withHouse { house in
            try read(house)
            // The same read goes on: that is not again.
            try read(house)
            house.turnAllThreads()
            #expect(house.engine.memoryBytes == 0)
            try makeHot(house)
            #expect(house.engine.memoryBytes == Self.block)
            // The file has another byte there now, so the right one is memory's.
            try house.damage(at: 5_000)
            #expect(try read(house, count: 10_000))
            // From memory into the next block, which is not there.
            #expect(try read(house, from: 250_000, count: 30_000))
        }
    }

    @Test("a long run leaves from the file although it is in memory: the kernel sends that without copying")
    func longRuns() throws {
        try withHouse { house in
            try makeHot(house)
            #expect(try !read(house))
        }
    }

    @Test("no more than its capacity is held")
    func bounded() throws {
        try withHouse { house in
            try makeHot(house, from: 0, count: Self.length)
            #expect(house.engine.memoryBytes <= 2 * Self.block && house.engine.memoryBytes > 0)
        }
    }

    @Test("rule 20: what leaves the block map leaves memory in the same step: a piece given up, a block in doubt")
    func leaves() throws {
        for isDoubt in [true, false] {
            try withHouse { house in
                try makeHot(house)
                #expect(house.engine.memoryBytes == Self.block)
                let file = FileName(key: try EngineHouse.key(1), generation: try house.generation())
                if isDoubt {
                    #expect(house.engine.suspect(BlockIndex(piece: 0, block: 0), of: file))
                } else {
                    guard case .given(_, let done) = house.engine.giveUp(PieceName(file: file, number: 0)) else {
                        return #expect(Bool(false), "in use")
                    }
                    #expect(house.engine.memoryBytes == 0)
                    done()
                }
                #expect(house.engine.memoryBytes == 0)
            }
        }
    }

    @Test("rule 20: bytes that are not what they should be do not get in")
    func damaged() throws {
        try withHouse { house in
            try read(house)
            house.clock.pass(milliseconds: 3_000)
            // Rotten after its check; the range that is read does not touch it.
            try house.damage(at: 250_000)
            try read(house)
            house.turnAllThreads()
            #expect(house.engine.memoryBytes == 0)
        }
    }
}

extension EngineHouse {
    /// Returns when all that the store's threads had to do is done.
    func turnAllThreads() {
        let count = StorageConfiguration(directory: "").threads
        let turn = Signal(), gate = Gate()
        // Each thread waits for all others, so none is left that works.
        for _ in 0..<count {
            store.threads.run {
                gate.add()
                turn.notify()
                _ = turn.wait(within: 10) { gate.count == count ? true : nil }
            }
        }
        _ = turn.wait(within: 10) { gate.count == count ? true : nil }
    }
}

private final class Gate: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    func add() { state.withLock { $0 += 1 } }
}

import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Hot blocks in memory (rule:memory-follows-block-map)")
struct MemoryTests {
    private static let length = 600_000
    private static let object = objectBytes(0..<length)
    private static let block = 262_144

    /// A store with the object in it, and memory for two blocks.
    private func withHarness(_ body: (EngineHarness) throws -> Void) throws {
        let harness = try EngineHarness { $0.cacheCapacity = Int64(2 * Self.block) }
        defer { harness.close() }
        let client = try harness.open()
        _ = client.step(within: 0.05)
        try #require(harness.origin.next()).serve(length: Self.length)
        guard case .end = client.readAll() else { return #expect(Bool(false), "no end") }
        client.stream.close()
        try body(harness)
    }

    @Test("Unless told otherwise a sixteenth of the memory there is")
    func share() {
        var configuration = EngineConfiguration()
        #expect(configuration.memoryCapacity == Int(MemoryLimit.bytes / 16))
        configuration.cacheCapacity = 1
        #expect(configuration.memoryCapacity == 1)
    }

    /// Reads a range, whose bytes must be right.
    /// - Returns: whether the first of them came from memory.
    @discardableResult
    private func read(
        _ harness: EngineHarness, from first: Int = 1_000, count: Int = 200_000, source: ExtentSource = .memory
    ) throws -> Bool {
        let client = try harness.open(.bounded(first: Int64(first), last: Int64(first + count) - 1))
        defer { client.stream.close() }
        var isMemory: Bool?
        while let step = client.step(from: source) {
            switch step {
            case .head: continue
            case .bytes(.bytes): isMemory = isMemory ?? true
            case .bytes(.file): isMemory = isMemory ?? false
            default:
                #expect(client.bytes == Array(Self.object[first..<first + count]))
                return isMemory ?? false
            }
        }
        return false
    }

    /// Two reads that lie apart, and all that the store's threads have to do after them.
    private func makeHot(
        _ harness: EngineHarness, from first: Int = 1_000, count: Int = 200_000, source: ExtentSource = .memory
    ) throws {
        for _ in 1...2 {
            try read(harness, from: first, count: count, source: source)
            harness.clock.pass(.milliseconds(3_000))
        }
        harness.turnAllThreads()
    }

    @Test("a block that is read again after a while goes into memory and is served from there, byte for byte")
    func takesIn() throws {
        try withHarness { harness in
            try read(harness)
            // The same read goes on: that is not again.
            try read(harness)
            harness.turnAllThreads()
            #expect(harness.engine.memoryBytes == 0)
            try makeHot(harness)
            #expect(harness.engine.memoryBytes == Self.block)
            // The file has another byte there now, so the right one is memory's.
            try harness.damage(at: 5_000)
            #expect(try read(harness, count: 10_000))
            // From memory into the next block, which is not there.
            #expect(try read(harness, from: 250_000, count: 30_000))
        }
    }

    @Test("a reader that prefers the file gets it although the block is in memory, and makes no block hot")
    func prefersFile() throws {
        try withHarness { harness in
            try makeHot(harness)
            #expect(try read(harness))
            #expect(try !read(harness, source: .file))
        }
        try withHarness { harness in
            try makeHot(harness, source: .file)
            #expect(harness.engine.memoryBytes == 0)
        }
    }

    @Test("no more than its capacity is held")
    func bounded() throws {
        try withHarness { harness in
            try makeHot(harness, from: 0, count: Self.length)
            #expect(harness.engine.memoryBytes <= 2 * Self.block && harness.engine.memoryBytes > 0)
        }
    }

    @Test("what leaves the block map leaves memory in the same step: a piece given up, a block in doubt")
    func leaves() throws {
        for isDoubt in [true, false] {
            try withHarness { harness in
                try makeHot(harness)
                #expect(harness.engine.memoryBytes == Self.block)
                let file = FileName(key: try EngineHarness.key(1), generation: try harness.generation())
                if isDoubt {
                    #expect(harness.engine.suspect(BlockIndex(piece: 0, block: 0), of: file))
                } else {
                    guard
                        case .evicting(_, let evicted) = harness.engine.beginEviction(
                            of: PieceName(file: file, number: 0))
                    else {
                        return #expect(Bool(false), "in use")
                    }
                    #expect(harness.engine.memoryBytes == 0)
                    evicted()
                }
                #expect(harness.engine.memoryBytes == 0)
            }
        }
    }

    @Test("wrong bytes are not admitted")
    func damaged() throws {
        try withHarness { harness in
            try read(harness)
            harness.clock.pass(.milliseconds(3_000))
            // Rotten after its check; the range that is read does not touch it.
            try harness.damage(at: 250_000)
            try read(harness)
            harness.turnAllThreads()
            #expect(harness.engine.memoryBytes == 0)
        }
    }
}

extension EngineHarness {
    /// Returns when all that the store's threads had to do is done.
    func turnAllThreads() {
        let count = StorageConfiguration().threads
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
    private let state = Lock(0)
    var count: Int { state.withLock { $0 } }
    func add() { state.withLock { $0 += 1 } }
}

import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("Eviction")
struct EvictionTests {
    private static let budget: Int64 = 64 << 20

    private func withSmallStore<R>(
        in directory: TemporaryDirectory? = nil, _ body: (PieceStore) throws -> R
    ) throws -> R {
        try withStore(
            in: directory ?? TemporaryDirectory(),
            { $0.limits = SpaceLimits(capacity: Self.budget, highPercent: 90, lowPercent: 80, headroom: 0) }, body)
    }

    @Test("W29: twice the budget streams through: what is taken stays within it, and the newest is held")
    func streamsThrough() throws {
        try withSmallStore { (store) throws in
            var refused = 0
            for number in 0..<16 {
                refused += 2 - (try store.fill(number, pieces: 2).stored)
                #expect(store.bytesOnVolume <= Self.budget + Self.budget / 100 + Int64(number + 1) << 16)
                #expect(store.settles())
            }
            #expect(refused == 0)
            #expect(store.health.evictedPieces >= 16)
            let last = try #require(try store.task(key(15)))
            #expect(try store.held(last) == [0, 1])
            #expect(try store.task(key(0)) == nil)
            store.flush()
            #expect(try store.usedBytes() <= Self.budget)
        }
    }

    @Test("what is left of a task of which pieces went reads as it was written, and refills as new")
    func refills() throws {
        try withSmallStore { (store) throws in
            let (record, _) = try store.fill(1, pieces: 10)
            try store.fill(2, pieces: 6)
            #expect(store.settles())
            let held = try store.held(record)
            #expect(!held.isEmpty && held.count < 10)
            let file = try store.openContent(record.key, generation: record.generation)
            for number in held {
                let range = record.layout.range(of: number)
                #expect(try file.read(range) == contents(of: record.key, range))
            }
            let gone = try #require((0..<10).first { !held.contains($0) })
            let range = record.layout.range(of: gone)
            #expect(try file.read(range).allSatisfy { $0 == 0 })
            #expect(try store.fill(gone, of: record, file) == true)
            #expect(try file.read(range) == contents(of: record.key, range))
            #expect(try store.held(record) == (held + [gone]).sorted())
        }
    }

    @Test("pieces whose records wait for their commit do not go with those that are evicted")
    func waitingRecords() throws {
        try withSmallStore { (store) throws in
            let file = try store.createContent(key(1))
            let record = task(
                key(1), generation: file.generation, length: 15 * PieceStore.pieceLength,
                pieceLength: PieceStore.pieceLength)
            store.put(record)
            #expect(try store.fill(0, of: record, file) == true)
            store.flush()
            for number in 1..<15 { #expect(try store.fill(number, of: record, file, urgency: .lazy) == true) }
            _ = consume file
            store.threads.barrier(2)
            #expect(store.settles())
            #expect((8..<15).contains(try store.held(record).count))
        }
    }

    @Test("a task of which every piece goes is unlinked")
    func wholeTask() throws {
        try withSmallStore { (store) throws in
            let (record, _) = try store.fill(1, pieces: 2)
            for number in 2..<9 { try store.fill(number, pieces: 2) }
            #expect(store.settles())
            store.flush()
            #expect(try store.task(key(1)) == nil)
            #expect(!FileManager.default.fileExists(atPath: store.content.path(of: record.file)))
        }
    }

    @Test("a pinned task stays whatever comes; unpinned it goes")
    func pinned() throws {
        try withSmallStore { (store) throws in
            let (record, _) = try store.fill(1, pieces: 2)
            #expect(try store.pin(key(1), true))
            for number in 2..<20 {
                try store.fill(number, pieces: 2)
                #expect(store.settles())
            }
            #expect(try store.held(record) == [0, 1])
            #expect(try store.pin(key(1), false))
            for number in 20..<60 {
                try store.fill(number, pieces: 2)
                #expect(store.settles())
            }
            #expect(try store.task(key(1)) == nil)
            #expect(try store.pin(key(1), true) == false)
        }
    }

    @Test("a task of one response goes whole or not at all", arguments: [TaskFlags.singleResponse, .noRanges])
    func allOrNothing(flags: TaskFlags) throws {
        try withSmallStore { (store) throws in
            let (record, _) = try store.fill(1, pieces: 8, flags: flags)
            try store.fill(2, pieces: 7)
            #expect(store.settles())
            store.flush()
            #expect(try store.task(key(1)) == nil)
            #expect(try store.held(record) == [])
        }
    }

    @Test("W31: what is in use is not evicted: a file that is open or leased stays")
    func openFiles() throws {
        try withSmallStore { (store) throws in
            let file = try store.createContent(key(1))
            let record = task(
                key(1), generation: file.generation, length: 2 * PieceStore.pieceLength,
                pieceLength: PieceStore.pieceLength)
            store.put(record)
            for number in 0..<2 { #expect(try store.fill(number, of: record, file) == true) }
            var lease: Lease? = file.lease()
            for number in 2..<16 { try store.fill(number, pieces: 2) }
            _ = store.evictor.evict()
            #expect(try store.held(record) == [0, 1])
            #expect(lease.take() != nil)
        }
    }

    @Test(
        "a piece of a task in memory is asked for, its record dropped, its leases waited for, then punched, then free")
    func taskInMemory() throws {
        try withSmallStore { (store) throws in
            let file = try store.createContent(key(1))
            let record = task(
                key(1), generation: file.generation, length: 4 * PieceStore.pieceLength,
                pieceLength: PieceStore.pieceLength)
            store.put(record)
            for number in 0..<4 { #expect(try store.fill(number, of: record, file) == true) }
            let delegate = Delegate(file, refusing: [0])
            store.attach(delegate)
            var lease: Lease? = file.lease()
            for number in 2..<16 where try store.fill(number, pieces: 1).stored == 0 { _ = store.evictor.evict() }
            #expect(store.evictor.evict() || store.space.account.evicting > 0)
            #expect(Set(delegate.asked).isSuperset(of: [0, 1]))
            #expect(try !store.held(record).contains(1))
            #expect(try store.held(record).contains(0))
            // The lease still holds the bytes.
            let range = record.layout.range(of: 1)
            #expect(try file.read(range) == contents(of: record.key, range))
            #expect(delegate.evicted.isEmpty)
            lease = nil
            store.threads.barrier(2)
            #expect(delegate.evicted.contains(1))
            #expect(try file.read(range).allSatisfy { $0 == 0 })
            #expect(lease == nil)
        }
    }

    @Test("W31: after a restart the task that was not read for the longest time goes first")
    func coldOrder() throws {
        let directory = try TemporaryDirectory()
        try withSmallStore(in: directory) { (store) throws in
            for number in 0..<6 { try store.fill(number, pieces: 2) }
        }
        let clock = Lock(Timestamp.now() + .seconds(10))
        var configuration = StorageConfiguration.small(at: directory.path("store"))
        configuration.limits = SpaceLimits(capacity: Self.budget, highPercent: 90, lowPercent: 80, headroom: 0)
        let store = try PieceStore.open(configuration, logger: quiet, now: { clock.withLock { $0 } })
        for number in [5, 3, 1, 0, 4] {
            store.used(key(number), generation: 1, piece: 0, bytes: 1)
            clock.withLock { $0 = $0 + .seconds(1) }
            store.maintenance.recordUses()
        }
        store.close()
        try withSmallStore(in: directory) { (store) throws in
            try store.fill(9, pieces: 3)
            #expect(store.settles())
            store.flush()
            let left = try (0..<6).filter { try store.task(key($0)) != nil }
            #expect(!left.contains(2))
            #expect(left.contains(4) && left.contains(0))
        }
    }

    @Test("tasks unread for taskTTL are removed; those that were read, and pinned ones, stay")
    func tooOld() throws {
        let directory = try TemporaryDirectory()
        let clock = Lock(Timestamp(seconds: 1_000_000_000))
        var configuration = StorageConfiguration.small(at: directory.path("store"))
        configuration.taskTTL = .seconds(3_600)
        let store = try PieceStore.open(configuration, logger: quiet, now: { clock.withLock { $0 } })
        defer { store.close() }
        let records = try (0..<3).map { try store.fill($0, pieces: 1).record }
        #expect(try store.pin(key(2), true))
        clock.withLock { $0 = $0 + .seconds(3_000) }
        store.used(key(1), generation: records[1].generation, piece: 0, bytes: 1)
        store.maintenance.recordUses()
        store.flush()
        clock.withLock { $0 = $0 + .seconds(1_000) }
        store.maintenance.runPeriodicJobs()
        store.flush()
        #expect(try (0..<3).filter { try store.task(key($0)) != nil } == [1, 2])
        #expect(store.health.expiredTasks == 1)
    }

    @Test("a file whose record was lost while the index failed goes with its pieces, not only with the next start")
    func unrecorded() throws {
        try withSmallStore { (store) throws in
            let record = try store.fill(1, pieces: 2).record
            store.remove(record.key, generation: record.generation)
            store.flush()
            store.threads.barrier(2)
            // As if only its record had gone.
            let file = try #require(try store.content.create(record.file))
            try file.write(contents(of: record.key, ByteRange(0, 1 << 20)), at: 0)
            for number in 2..<16 { try store.fill(number, pieces: 2) }
            #expect(store.content.exists(record.file), "somebody has it open")
            _ = consume file
            store.threads.barrier(2)
            for number in 16..<64 where store.content.exists(record.file) {
                try store.fill(number, pieces: 2)
                #expect(store.settles())
            }
            #expect(!store.content.exists(record.file))
        }
    }

    @Test("while the store itself changes a file, it can't be opened")
    func claim() throws {
        try withSmallStore { (store) throws in
            let record = try store.fill(1, pieces: 1).record
            #expect(store.content.claim(record.file))
            #expect(!store.content.claim(record.file))
            let opened = Lock(false)
            store.threads.run {
                _ = try? store.openContent(key(1), generation: record.generation)
                opened.withLock { $0 = true }
            }
            store.threads.barrier(1)
            #expect(!opened.withLock { $0 })
            store.content.unclaim(record.file)
            store.threads.barrier(2)
            #expect(opened.withLock { $0 })
        }
    }

    @Test("the byte hit rate is at least nine tenths of the simulator's on the same trace")
    func hitRate() throws {
        let length: Int64 = 256 << 10
        let capacity = 120 * length
        var (hits, simulated, used) = (0, 0, Int64(0))
        var policy = EvictionPolicy(limit: 10_000)
        try withStore({ $0.limits = SpaceLimits(capacity: capacity, headroom: 0) }) { (store) throws in
            for number in zipf(count: 3_000, of: 600) {
                let name = PieceName(file: FileName(key: key(number), generation: 0), number: 0)
                if policy.contains(name) { simulated += 1 } else { used += length }
                policy.use(name, bytes: length, at: 1)
                while used > capacity, let gone = policy.victim() { used -= gone.bytes }
                if try read(number, length, store) { hits += 1 }
                #expect(store.contentBytes <= capacity)
            }
        }
        #expect(simulated > 1_000)
        #expect(Double(hits) >= 0.9 * Double(simulated), "\(hits) of \(simulated)")
    }

    /// - Returns: whether it was held.
    private func read(_ number: Int, _ length: Int64, _ store: PieceStore) throws -> Bool {
        if let record = try store.task(key(number)), try store.held(record) == [0] {
            store.used(record.key, generation: record.generation, piece: 0, bytes: length)
            return true
        }
        guard store.reserve(length) else { return false }
        defer { store.release(length) }
        let file = try store.createContent(key(number))
        let record = task(key(number), generation: file.generation, length: length, pieceLength: length)
        let bytes = contents(of: record.key, ByteRange(0, length))
        try file.write(bytes, at: 0)
        store.put(record)
        store.put(bytes.piece(0, record), of: record.key, generation: record.generation, urgency: .soon)
        store.used(record.key, generation: record.generation, piece: 0, bytes: length)
        return false
    }

    private func zipf(count: Int, of objects: Int) -> [Int] {
        let weights = (1...objects).map { 1 / pow(Double($0), 0.9) }
        let sums = weights.reduce(into: []) { $0.append(($0.last ?? 0) + $1) }
        var state: UInt64 = 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let wanted = Double(state >> 11) / Double(1 << 53) * (sums.last ?? 0)
            return sums.firstIndex { $0 >= wanted } ?? 0
        }
    }
}

/// Keeps one task in memory and lets its pieces be evicted, except some.
private final class Delegate: EvictionDelegate {
    private let file: ContentFile
    private let refusing: Set<Int>
    private let journal = Journal()
    private let finished = Journal()

    init(_ file: ContentFile, refusing: Set<Int>) {
        self.file = file
        self.refusing = refusing
    }

    var asked: [Int] { journal.all }
    var evicted: [Int] { finished.all }

    func beginEviction(of piece: PieceName) -> EvictionReply {
        guard piece.file == FileName(key: file.key, generation: file.generation) else { return .unknown }
        journal.note(piece.number)
        if refusing.contains(piece.number) { return .inUse }
        return .evicting(file, evicted: { [finished] in finished.note(piece.number) })
    }

    func forget(_ key: StoreKey) -> Bool { key != file.key }

    func evicted(_ piece: PieceName) {}

    func removed(_ file: FileName) {}

    func forgetIdle() {}

    func suspect(_ block: BlockIndex, of name: FileName) -> Bool { name.key == file.key }
}

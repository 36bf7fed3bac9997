import DragonflyIdentity
import Foundation
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("Piece store")
struct PieceStoreTests {
    @Test("records survive closing and opening")
    func survives() throws {
        let directory = try TemporaryDirectory()
        let record = try withStore(in: directory) { (store) throws in
            let file = try store.createContent(key(1))
            let record = task(key(1), generation: file.generation)
            store.put(record)
            for number in [1, 0] { store.put(piece(number), of: key(1), generation: file.generation, urgency: .lazy) }
            return record
        }
        try withStore(in: directory) { (store) throws in
            #expect(try store.task(key(1)) == record)
            #expect(try store.pieces(key(1), generation: record.generation, numbers: 0..<2) == [piece(0), piece(1)])
            #expect(try store.pieces(key(1), generation: record.generation, numbers: 1..<9) == [piece(1)])
            #expect(try store.pieces(key(1), generation: record.generation, numbers: 0..<0) == [])
            #expect(try store.pieces(key(1), generation: record.generation + 1, numbers: 0..<9) == [])
            #expect(try store.tasks(wireID: TaskID("wire")) == [key(1)])
            #expect(try store.taskCount() == 1)
            #expect(try store.task(key(2)) == nil)
        }
    }

    @Test("a read sees what was put before it, committed or not")
    func readsOwnWrites() throws {
        try withStore { (store) throws in
            let first = task(key(1), generation: 1)
            store.put(first)
            store.put(piece(0), of: key(1), generation: 1, urgency: .lazy)
            #expect(try store.task(key(1)) == first)
            #expect(try store.pieces(key(1), generation: 1, numbers: 0..<2) == [piece(0)])
            #expect(store.flush())
            let changed = piece(0, present: BlockSet([1]))
            store.put(changed, of: key(1), generation: 1, urgency: .lazy)
            store.put(piece(1), of: key(1), generation: 1, urgency: .lazy)
            #expect(try store.pieces(key(1), generation: 1, numbers: 0..<2) == [changed, piece(1)])
            store.remove(key(1), generation: 1)
            #expect(try store.task(key(1)) == nil)
            #expect(try store.pieces(key(1), generation: 1, numbers: 0..<2) == [])
            #expect(store.flush())
            #expect(try store.task(key(1)) == nil)
            #expect(try store.pieces(key(1), generation: 1, numbers: 0..<2) == [])
        }
    }

    @Test("a thousand puts of one record take few commits, and the newest value is kept")
    func coalesces() throws {
        try withStore { (store) throws in
            store.put(task(key(1), generation: 1))
            for number in 0..<1_000 {
                var record = piece(0)
                record.updatedAt = at(Int64(number))
                store.put(record, of: key(1), generation: 1, urgency: .lazy)
            }
            #expect(store.flush())
            #expect(try store.pieces(key(1), generation: 1, numbers: 0..<1).map(\.updatedAt) == [at(999)])
            // Each commit takes 10 ms or more to come due; how many fit depends on how slow the loop above was.
            #expect(store.health.commits < 100)
        }
    }

    @Test("used bytes count each held block once, through changes, removal and reopening")
    func usedBytes() throws {
        let directory = try TemporaryDirectory()
        try withStore(in: directory) { (store) throws in
            // Pieces of 524,288 and 475,712 bytes.
            store.put(task(key(1), generation: 1))
            store.put(piece(0), of: key(1), generation: 1, urgency: .soon)
            store.put(piece(1, present: BlockSet([1])), of: key(1), generation: 1, urgency: .soon)
            store.flush()
            #expect(try store.usedBytes() == 524_288 + 213_568)
            store.put(piece(0, present: BlockSet([0])), of: key(1), generation: 1, urgency: .soon)
            store.put(piece(1), of: key(1), generation: 1, urgency: .soon)
            store.flush()
            #expect(try store.usedBytes() == 262_144 + 475_712)
        }
        try withStore(in: directory) { (store) throws in
            #expect(try store.usedBytes() == 262_144 + 475_712)
            store.put(task(key(1), generation: 2))
            store.flush()
            #expect(try store.usedBytes() == 0)
            store.remove(key(1), generation: 1)
            store.flush()
            #expect(try store.usedBytes() == 0)
            #expect(try store.task(key(1))?.generation == 2)
        }
    }

    @Test("a newer generation takes the place of the one before: its pieces go, and its file")
    func replaced() throws {
        try withStore { (store) throws in
            let old = try store.fill(1, pieces: 1).record
            store.flush()
            let new = try store.createContent(key(1))
            store.put(task(key(1), generation: new.generation))
            store.flush()
            store.threads.barrier(2)
            #expect(try store.held(old).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: store.content.path(of: old.file)))
            #expect(try store.openContent(key(1), generation: new.generation) === new)
        }
    }

    @Test("a task that is recorded again stays pinned, and as old as it was, committed or not")
    func keepsPin() throws {
        try withStore { (store) throws in
            store.put(task(key(1), generation: 1))
            #expect(try store.pin(key(1), true))
            for isCommitted in [false, true] {
                if isCommitted { store.flush() }
                var again = task(key(1), generation: 1)
                again.createdAt = at(1_000)
                again.fetchedAt = at(2_000)
                store.put(again)
                #expect(try store.task(key(1))?.flags.contains(.pinned) == true)
            }
            store.flush()
            let record = try #require(try store.task(key(1)))
            #expect(record.flags == [.immutable, .pinned] && record.fetchedAt == at(2_000))
            #expect(try store.pin(key(1), false))
            store.flush()
            #expect(try store.task(key(1))?.flags == [.immutable])
        }
    }

    @Test("tasks that share a wire id are all found, and only while their records carry it")
    func wireIDs() throws {
        try withStore { (store) throws in
            store.put(task(key(2), generation: 1, wireID: "a"))
            store.put(task(key(1), generation: 2, wireID: "a"))
            store.put(task(key(3), generation: 3, wireID: "aa"))
            let long = String(repeating: "x", count: 600)
            store.put(task(key(4), generation: 4, wireID: long + "1"))
            store.put(task(key(5), generation: 5, wireID: long + "2"))
            store.put(task(key(6), generation: 6, wireID: ""))
            #expect(store.flush())
            #expect(try store.tasks(wireID: TaskID("a")) == [key(1), key(2)])
            #expect(try store.tasks(wireID: TaskID(long + "2")) == [key(5)])
            #expect(try store.tasks(wireID: TaskID("")) == [key(6)])
            store.put(task(key(1), generation: 2, wireID: "b"))
            store.remove(key(2), generation: 1)
            store.flush()
            #expect(try store.tasks(wireID: TaskID("a")) == [])
            #expect(try store.tasks(wireID: TaskID("b")) == [key(1)])
        }
    }

    @Test("tasks can be walked in steps, in the order of their keys")
    func walk() throws {
        try withStore { (store) throws in
            for number in (1...10).reversed() { store.put(task(key(number), generation: UInt64(number))) }
            store.flush()
            var seen: [StoreKey] = []
            while case let step = try store.reader.tasks(after: seen.last, limit: 3), !step.isEmpty {
                seen += step.map(\.key)
            }
            #expect(seen == (1...10).map { key($0) })
        }
    }

    @Test("a late write does not bring back a generation that was removed or replaced")
    func lateWrites() throws {
        try withStore { (store) throws in
            store.put(task(key(1), generation: 5))
            store.flush()
            store.put(task(key(1), generation: 6))
            store.put(task(key(1), generation: 5))
            store.put(piece(0), of: key(1), generation: 5, urgency: .soon)
            store.flush()
            store.put(task(key(1), generation: 5))
            store.flush()
            #expect(try store.task(key(1))?.generation == 6)
            #expect(try store.pieces(key(1), generation: 5, numbers: 0..<2) == [])
            store.remove(key(1), generation: 6)
            store.put(piece(0), of: key(1), generation: 6, urgency: .soon)
            store.flush()
            store.put(piece(1), of: key(1), generation: 6, urgency: .soon)
            store.flush()
            #expect(try store.task(key(1)) == nil)
            #expect(try store.pieces(key(1), generation: 6, numbers: 0..<2) == [])
            #expect(try store.usedBytes() == 0)
        }
    }

    @Test("a generation counter is never used twice, even after removal and reopening")
    func generations() throws {
        let directory = try TemporaryDirectory()
        var seen: Set<UInt64> = []
        for _ in 0..<3 {
            try withStore(in: directory) { (store) throws in
                for _ in 0..<5 {
                    let file = try store.createContent(key(1))
                    #expect(seen.insert(file.generation).inserted)
                    store.remove(key(1), generation: file.generation)
                }
            }
        }
        #expect(seen.count == 15)
    }

    @Test("after close every call says that the store is closed, and a second close does nothing")
    func closed() throws {
        let directory = try TemporaryDirectory()
        let store = try openStore(in: directory)
        store.close()
        store.close()
        let error = #expect(throws: StorageError.self) { try store.task(key(1)) }
        #expect(error?.kind == .closed)
        #expect(!store.threads.run {})
    }

    /// 100,000 known tasks, or 1,000,000 in a soak run.
    private static let manyTasks = ProcessInfo.processInfo.environment["SEED_SOAK"] == "1" ? 1_000_000 : 100_000

    @Test("opening walks through no task, and touching ten of very many loads ten")
    func opensFast() throws {
        let directory = try TemporaryDirectory()
        try withStore(in: directory, { $0.pendingLimit = 2 * Self.manyTasks }) { (store) throws in
            for number in 0..<Self.manyTasks {
                store.put(task(key(number), generation: UInt64(number + 1), wireID: "w\(number)"))
            }
            #expect(store.flush())
        }
        let clock = ContinuousClock()
        var store: PieceStore?
        let time = try clock.measure { store = try openStore(in: directory) }
        #expect(time < .seconds(1))
        let index = directory.path("store/index/data.mdb")
        #expect(try residentBytes(ofMapping: index) < 1 << 20)
        for number in stride(from: 0, to: Self.manyTasks, by: Self.manyTasks / 10) {
            #expect(try store?.task(key(number)) != nil)
        }
        let touched = try residentBytes(ofMapping: index)
        #expect(touched < 4 << 20)
        #expect(try store?.taskCount() == Self.manyTasks)
        print(
            "\(Self.manyTasks) tasks: opened in \(time), \(touched / 1024) KiB of the index resident after touching ten"
        )
        store?.close()
    }

    /// What of a mapped file this process has touched.
    private func residentBytes(ofMapping path: String) throws -> Int {
        // Not `String(contentsOfFile:)`: it stops after the first part of a file without a length.
        let smaps = try #require(try FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd())
        let lines = String(decoding: smaps, as: UTF8.self).split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.hasSuffix(path) })
        let line = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
        return try #require(Int(line.split(separator: " ")[1])) * 1024
    }
}

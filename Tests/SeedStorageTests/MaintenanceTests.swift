import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("Verification and repair")
struct MaintenanceTests {
    private func verify(_ directory: TemporaryDirectory) throws -> StoreReport {
        try StoreRepair(directory: directory.path("store")).verify { _, _ in }
    }

    private func repair(_ directory: TemporaryDirectory) throws -> StoreReport {
        try StoreRepair(directory: directory.path("store")).repair { _, _ in }
    }

    /// Three tasks of three pieces of 4 MiB.
    private func makeStore(_ directory: TemporaryDirectory) throws -> [TaskRecord] {
        try withStore(in: directory) { (store) throws in try (1...3).map { try store.fill($0, pieces: 3).record } }
    }

    private func contentPath(_ record: TaskRecord, _ directory: TemporaryDirectory) -> String {
        StoreDirectory(path: directory.path("store")).path(of: record.file)
    }

    private func indexPath(_ directory: TemporaryDirectory) -> String { directory.path("store/index/data.mdb") }

    private func change(_ path: String, at offset: Int, _ body: (UInt8) -> UInt8) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(offset))
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: Data([body(byte)]))
    }

    @Test("a sound store is found sound, with all its bytes, and the progress reaches the end")
    func sound() throws {
        let directory = try TemporaryDirectory()
        _ = try makeStore(directory)
        var last: (Int64, Int64) = (0, 0)
        let report = try StoreRepair(directory: directory.path("store")).verify { last = ($0, $1) }
        #expect(report.isSound, "\(report.findings)")
        #expect(report.tasks == 3 && report.pieces == 9 && report.blocks == 9 * 16 && report.bytes == 36 << 20)
        #expect(last.0 == 36 << 20 && last.1 == 36 << 20)
        #expect(report.filesWithoutRecord == 0)
    }

    @Test("a directory without a store, and a store in use, are refused")
    func refused() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: StorageError.self) { try verify(directory) }
        try FileManager.default.createDirectory(atPath: directory.path("store"), withIntermediateDirectories: true)
        #expect(throws: StorageError.self) { try verify(directory) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("store")).isEmpty)
        try withStore(in: directory) { _ in
            let error = #expect(throws: StorageError.self) { try verify(directory) }
            #expect(error?.kind == .inUse)
        }
    }

    @Test("W40: flipped, truncated, swapped and deleted content files are found, block by block")
    func badContent() throws {
        let directory = try TemporaryDirectory()
        let records = try makeStore(directory)
        try change(contentPath(records[0], directory), at: 5_000_000) { $0 ^ 4 }
        #expect(truncate(contentPath(records[1], directory), 4 << 20) == 0)
        try FileManager.default.removeItem(atPath: contentPath(records[2], directory))
        let report = try verify(directory)
        #expect(!report.isSound)
        #expect(report.badBlocks == 1 + 32 && report.tasksWithoutFile == 1)
        #expect(report.findings.contains { $0.contains("piece 1, block 3") })

        // What is found is not changed: the same is found again.
        #expect(try verify(directory) == report)
        let saved = try repair(directory)
        #expect(saved.badBlocks == 33 && saved.tasksWithoutFile == 1)
        #expect(try verify(directory).isSound)
        try withStore(in: directory) { (store) throws in
            #expect(try store.held(records[0]) == [0, 1, 2])
            let piece = try store.pieces(records[0].key, generation: records[0].generation, numbers: 1..<2).first
            #expect(piece?.present.contains(3) == false && piece?.present.count == 15)
            #expect(try store.held(records[1]) == [0])
            #expect(try store.task(records[2].key) == nil)
            #expect(try store.usedBytes() == (4 << 20) * 3 - 262_144 + (4 << 20))
        }
    }

    @Test("content files that changed places are all bad: a block is right only where it belongs")
    func swapped() throws {
        let directory = try TemporaryDirectory()
        let records = try makeStore(directory)
        let (a, b) = (contentPath(records[0], directory), contentPath(records[1], directory))
        try FileManager.default.moveItem(atPath: a, toPath: a + "x")
        try FileManager.default.moveItem(atPath: b, toPath: a)
        try FileManager.default.moveItem(atPath: a + "x", toPath: b)
        #expect(try verify(directory).badBlocks == 96)
    }

    @Test("a damaged record is left out of the repaired index, and only that")
    func badRecord() throws {
        let directory = try TemporaryDirectory()
        let records = try makeStore(directory)
        let name = PieceName(file: records[0].file, number: 1).tableKey
        try withStore(in: directory) { (store) throws in
            let index = try store.reader.openIndex()
            try index.environment.write { transaction throws(LMDBError) in
                var value = try transaction.get(name, in: index.pieces) ?? []
                value[20] ^= 1
                try transaction.put(value, for: name, in: index.pieces)
            }
        }
        #expect(try verify(directory).damagedRecords == 1)
        _ = try repair(directory)
        try withStore(in: directory) { (store) throws in
            #expect(try store.held(records[1]) == [0, 1, 2])
            #expect(try store.held(records[0]).contains(0))
        }
    }

    @Test(
        "a damaged index is refused with the file's name and the way out, never emptied, and repaired from what can be read"
    )
    func damagedIndex() throws {
        for damage in [Damage.metaPages, .truncated, .emptied] {
            let directory = try TemporaryDirectory()
            let records = try makeStore(directory)
            let whole = try Data(contentsOf: URL(fileURLWithPath: indexPath(directory)))
            try damage.apply(to: indexPath(directory), whole)
            for _ in 0..<2 {
                let error = #expect(throws: StorageError.self) { try openStore(in: directory) }
                #expect(error?.kind == .damagedIndex, "\(damage)")
                #expect(error?.message.contains("index/data.mdb") == true)
                #expect(error?.message.contains("seed-peer store repair") == true)
            }
            #expect(try !verify(directory).isSound)
            let report = try repair(directory)
            #expect(!report.isIndexWhole)
            #expect(FileManager.default.fileExists(atPath: directory.path("store/index.damaged/data.mdb")))
            try withStore(in: directory) { (store) throws in
                let found = try records.filter { try store.task($0.key) == $0 }
                if damage == .metaPages { #expect(found.count == 3) }
                for record in found {
                    let file = try store.openContent(record.key, generation: record.generation)
                    for number in try store.held(record) {
                        let range = record.layout.range(of: number)
                        #expect(try file.read(range) == contents(of: record.key, range))
                    }
                }
                // Counters of the lives before are not used again.
                #expect(try store.createContent(key(1)).generation > (records.map(\.generation).max() ?? 0))
            }
        }
    }

    private enum Damage: CaseIterable {
        case metaPages
        case truncated
        case emptied

        func apply(to path: String, _ whole: Data) throws {
            var bytes = whole
            switch self {
            case .metaPages: bytes.replaceSubrange(16..<20, with: [1, 2, 3, 4])
            case .truncated: bytes = bytes.prefix(3 * 4096)
            case .emptied: bytes = Data(repeating: 0, count: 8192)
            }
            try bytes.write(to: URL(fileURLWithPath: path))
        }
    }

    @Test("an index with records of a later version is not repaired by this one")
    func newerRecords() throws {
        let directory = try TemporaryDirectory()
        _ = try makeStore(directory)
        try withStore(in: directory) { (store) throws in
            var writer = RecordWriter(version: 7, capacity: 8)
            writer.put(UInt64(1))
            writer.put(UInt64(1))
            let record = writer.seal(key: key(9).bytes)
            let index = try store.reader.openIndex()
            try index.environment.write { transaction throws(LMDBError) in
                try transaction.put(record, for: key(9).bytes, in: index.tasks)
            }
        }
        #expect(try verify(directory).newerRecords == 1)
        let error = #expect(throws: StorageError.self) { try repair(directory) }
        #expect(error?.kind == .newerFormat)
    }

    @Test("an index of many pages is walked as LMDB walks it")
    func manyPages() throws {
        let directory = try TemporaryDirectory()
        try withStore(in: directory) { (store) throws in
            for number in 0..<3_000 {
                var record = task(key(number), generation: UInt64(number + 1))
                record.url = String(repeating: "u", count: number % 50 == 0 ? 9_000 : 30)
                store.put(record)
            }
            store.flush()
        }
        var records = RecordCollection()
        let isWhole = try IndexFile(path: indexPath(directory)).walk { records.add($0) }
        #expect(isWhole)
        #expect(records.tasks.count == 3_000 && records.damaged == 0)
        #expect(records.tasks[key(50)]?.url.count == 9_000)
        var salvaged = RecordCollection()
        try IndexFile(path: indexPath(directory)).salvage { salvaged.add($0) }
        #expect(salvaged.tasks == records.tasks)
    }

    @Test("a store that was copied while it was written opens, and its bytes are checked like any others")
    func copiedWhileRunning() throws {
        let directory = try TemporaryDirectory()
        try withStore(in: directory) { (store) throws in
            for number in 1...3 { try store.fill(number, pieces: 2) }
            store.flush()
            // The fourth is being written: its bytes are not in the copy, its record is.
            let record = try store.fill(4, pieces: 2).record
            store.flush()
            try FileManager.default.copyItem(
                atPath: directory.path("store"), toPath: directory.path("copy"))
            #expect(truncate(StoreDirectory(path: directory.path("copy")).path(of: record.file), 5_000_000) == 0)
        }
        let report = try StoreRepair(directory: directory.path("copy")).verify { _, _ in }
        #expect(report.tasks == 4 && report.badBlocks > 0 && report.isIndexWhole)
        try withStore(in: directory, { $0.directory = directory.path("copy") }) { (store) throws in
            #expect(try store.taskCount() == 4)
        }
    }
}

@Suite("Scrub")
struct ScrubTests {
    @Test("the scrub drops a rotten block from the record of a task that is not in memory, and goes on")
    func dropsRot() throws {
        try withStore { (store) throws in
            let records = try (1...2).map { try store.fill($0, pieces: 1).record }
            store.flush()
            do {
                let file = try store.openContent(key(1), generation: records[0].generation)
                try file.write([1, 2, 3], at: 300_000)
            }
            var last: PieceName?
            var bytes: Int64 = 0
            while let step = store.maintenance.scrub.checkPiece(after: last) {
                last = step.last
                bytes += step.bytes
            }
            #expect(bytes == 8 << 20)
            #expect(store.health.rottenBlocks == 1 && store.health.scrubbedBytes == 8 << 20)
            let piece = try store.pieces(key(1), generation: records[0].generation, numbers: 0..<1).first
            #expect(piece?.present.count == 15 && piece?.present.contains(1) == false && piece?.digest == nil)
            #expect(try store.held(records[1]) == [0])
        }
    }

    @Test("a task in memory is told of a rotten block and its record left to it")
    func tellsDelegate() throws {
        try withStore { (store) throws in
            let record = try store.fill(1, pieces: 1).record
            store.flush()
            let file = try store.openContent(key(1), generation: record.generation)
            try file.write([1, 2, 3], at: 300_000)
            let delegate = Delegate()
            store.attach(delegate)
            _ = store.maintenance.scrub.checkPiece(after: nil)
            #expect(delegate.journal.all == [1])
            #expect(try store.pieces(key(1), generation: record.generation, numbers: 0..<1).first?.present.count == 16)
        }
    }

    @Test("the scrub's thread reads at its rate and ends at once")
    func rate() throws {
        let steps = Journal()
        let scrub = ScrubThread(rate: 1 << 20)
        let clock = ContinuousClock()
        let called = Signal()
        scrub.start { _ in
            steps.note(1)
            called.notify()
            scrub.pace(1 << 30)
            return (PieceName(file: FileName(key: key(1), generation: 1), number: 0), 1 << 30)
        }
        #expect(called.wait(within: 10) { steps.all.isEmpty ? nil : true } == true)
        #expect(clock.measure { scrub.stop() } < .seconds(5))
        #expect(steps.all.count == 1)
    }

    private final class Delegate: EvictionDelegate {
        let journal = Journal()

        func beginEviction(of piece: PieceName) -> EvictionReply { .inUse }
        func forget(_ key: StoreKey) -> Bool { false }
        func evicted(_ piece: PieceName) {}
        func removed(_ file: FileName) {}
        func forgetIdle() {}
        func suspect(_ block: BlockIndex, of file: FileName) -> Bool {
            journal.note(block.block)
            return true
        }
    }
}

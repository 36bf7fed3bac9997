import Dispatch
import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

/// What Dragonfly's seed client gets wrong on its disk, by the numbers of docs/weaknesses.md.
@Suite("Files and records when requests race or fail")
struct StoreFileTests {
    @Test("W30: what is taken is a counter: asking for room reads no directory, however many files there are")
    func counter() throws {
        try withStore { (store) throws in
            for number in 0..<500 { _ = try store.createContent(key(number)) }
            // Without its directory nothing could be walked.
            let content = store.content.path(of: FileName(key: key(0), generation: 1))
            let root = URL(filePath: content).deletingLastPathComponent().deletingLastPathComponent().path
            try FileManager.default.moveItem(atPath: root, toPath: root + ".away")
            defer { try? FileManager.default.moveItem(atPath: root + ".away", toPath: root) }
            for _ in 0..<10_000 {
                let isGranted = store.reserve(1_000)
                store.release(1_000)
                #expect(isGranted)
            }
        }
    }

    @Test("W32: reading writes nothing: a hundred thousand uses of pieces cost no commit, and later one for all")
    func uses() throws {
        try withStore { (store) throws in
            for number in 0..<100 { store.put(task(key(number), generation: 1)) }
            store.flush()
            store.threads.barrier(2)
            let before = store.health.commits
            for use in 0..<100_000 { store.used(key(use % 100), generation: 1, piece: use % 7, bytes: 1 << 20) }
            #expect(store.pendingRecords == 0 && store.health.commits == before)
            store.maintenance.recordUses()
            store.flush()
            #expect(store.health.commits == before + 1)
            #expect(try store.reader.openIndex().lastUse(of: key(99)) != nil)
        }
    }

    @Test("W41: first requests that race make a file each; none cuts off what another has written")
    func race() throws {
        try withStore { (store) throws in
            let files = Lock<[ContentFile]>([])
            DispatchQueue.concurrentPerform(iterations: 32) { number in
                guard let file = try? store.createContent(key(1)) else { return }
                try? file.write(pattern(5_000, seed: UInt64(number + 1)), at: 0)
                files.withLock { $0.append(file) }
            }
            let all = files.withLock { $0 }
            #expect(Set(all.map(\.generation)).count == 32)
            let contents = try Set(all.map { try $0.read(ByteRange(0, 5_000)) })
            #expect(contents == Set((1...32).map { pattern(5_000, seed: UInt64($0)) }))
        }
    }

    @Test("W42: a file whose first write was refused has no record, and is gone at the next start")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let path = try withStore(in: directory) { (store) throws in
            let file = try store.createContent(key(1))
            #expect(throws: StorageError.self) { try file.write([1], at: Int64.max - 1) }
            return file.file.path
        }
        try withStore(in: directory) { (store) throws in
            #expect(try store.task(key(1)) == nil)
            store.maintenance.sweep.waitUntilFinished()
            store.flush()
            store.threads.barrier(2)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("W43: after a removal no descriptor of the old file is found again")
    func staleDescriptor() throws {
        try withStore { (store) throws in
            let old = try store.createContent(key(1))
            try old.write(pattern(1_000), at: 0)
            store.put(task(key(1), generation: old.generation))
            store.remove(key(1), generation: old.generation)
            store.flush()
            store.threads.barrier(2)
            // Though it is still open here.
            let error = #expect(throws: StorageError.self) {
                try store.openContent(key(1), generation: old.generation)
            }
            #expect(error?.kind == .missing)
            let new = try store.createContent(key(1))
            #expect(new.generation > old.generation && new.file.descriptor != old.file.descriptor)
            #expect(try old.read(ByteRange(0, 1_000)) == pattern(1_000))
        }
    }
}

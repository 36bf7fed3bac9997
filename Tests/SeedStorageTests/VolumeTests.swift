import DragonflyIdentity
import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("A volume that fails", .enabled(if: SmallVolume.isPossible, "tmpfs cannot be mounted here: that takes root"))
struct VolumeTests {
    private func withVolume(
        _ change: (inout StorageConfiguration) -> Void = { _ in }, _ body: (PieceStore, SmallVolume) throws -> Void
    ) throws {
        let directory = try TemporaryDirectory()
        let volume = try #require(SmallVolume(mebibytes: 64, in: directory))
        try withStore(
            in: directory,
            {
                $0.directory = volume.path + "/store"
                $0.limits = SpaceLimits()
                change(&$0)
            }
        ) { try body($0, volume) }
    }

    @Test(
        "W42: a full volume refuses writes with its reason, reservations at once, says so in its health, and heals by itself"
    )
    func full() throws {
        try withVolume { (store, volume) throws in
            let file = try store.createContent(key(1))
            volume.fill(leaving: 2 << 20)
            let error = #expect(throws: StorageError.self) { try file.write(pattern(4 << 20), at: 0) }
            #expect(error?.kind == .full && error?.systemError == ENOSPC)
            #expect(error?.message.contains("free space on the volume") == true)
            #expect(store.health.contentFailure == error)
            #expect(!store.reserve(1))

            volume.empty()
            store.space.refresh()
            #expect(eventually { store.reserve(1 << 20) })
            try file.write(pattern(1 << 20), at: 0)
            #expect(store.health.contentFailure == nil)
        }
    }

    @Test("a full volume makes the store give up what it holds, until others' bytes leave room again")
    func evictsForOthers() throws {
        try withVolume { (store, volume) throws in
            for number in 1...10 { try store.fill(number, pieces: 1) }
            let file = try store.createContent(key(99))
            // A commit that finds no room would make the store evict before the write.
            store.flush()
            volume.fill(leaving: 0)
            #expect(throws: StorageError.self) { try file.write(pattern(4 << 20), at: 0) }
            #expect(eventually { store.health.evictedPieces > 0 })
            #expect(eventually { store.reserve(1 << 20) })
            try file.write(pattern(1 << 20), at: 0)
        }
    }

    @Test("a volume that became read-only is named as such; what is held can be read; writing goes on when it can")
    func readOnly() throws {
        try withVolume { (store, volume) throws in
            let record = try store.fill(1, pieces: 1).record
            store.flush()
            store.threads.barrier(2)
            try #require(volume.makeReadOnly(volume.path + "/store/content"))
            let error = #expect(throws: StorageError.self) { try store.createContent(key(2)) }
            #expect(error?.kind == .readOnly)
            #expect(store.health.contentFailure?.kind == .readOnly)
            #expect(!store.reserve(1))
            #expect(try store.held(record) == [0])
            #expect(volume.makeWritable(volume.path + "/store/content"))
            #expect(eventually { store.reserve(1) })
            try store.createContent(key(2)).write([1], at: 0)
            #expect(store.health.contentFailure == nil)
        }
    }

    @Test("an index that finds no room keeps the records, tells why, and writes them when there is room again")
    func indexFull() throws {
        try withVolume { (store, volume) throws in
            store.flush()
            volume.fill(leaving: 0)
            for number in 0..<2_000 { store.put(task(key(number), generation: 1)) }
            #expect(!store.flush())
            #expect(store.health.failure?.kind == .full)
            #expect(try store.task(key(7)) != nil)
            volume.empty()
            #expect(eventually { store.flush() })
            #expect(store.health.failure == nil)
            #expect(try store.taskCount() == 2_000)
        }
    }

    @Test("an index that finds no room lets the store evict, and is written with the room that gives")
    func indexEvicts() throws {
        try withVolume { (store, volume) throws in
            for number in 1...8 { try store.fill(number, pieces: 1) }
            store.flush()
            volume.fill(leaving: 0)
            for number in 100..<2_100 { store.put(task(key(number), generation: 1)) }
            #expect(eventually { store.flush() })
            #expect(store.health.failure == nil)
        }
    }

    @Test("running out of descriptors is named as such")
    func descriptors() {
        let error = StorageError.file("create", "/x", Errno(EMFILE))
        #expect(error.kind == .tooManyFiles && error.concernsVolume)
        #expect(error.message.contains("ulimit -n"))
        #expect(StorageError.file("write", "/x", Errno(EIO)).kind == .device)
        #expect(StorageError.file("write", "/x", Errno(EDQUOT)).kind == .full)
    }

    /// The volume has no event to wait for.
}

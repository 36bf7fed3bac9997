import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedTestSupport
import Testing

@testable import SeedStorage

/// The room of content files, counted as they come and go, without a store that measures them meanwhile.
@Suite("The account of content files")
struct ContentAccountTests {
    private let temporary: TemporaryDirectory
    private let lock: DirectoryLock
    private let threads = StoreThreads(count: 1)
    private let space: VolumeSpace
    private let content: ContentDirectory
    private let name = FileName(key: key(1), generation: 1)

    init() throws {
        temporary = try TemporaryDirectory()
        let directory = StoreDirectory(path: temporary.path("store"))
        lock = try directory.prepare()
        space = try VolumeSpace(path: directory.path, limits: SpaceLimits(headroom: 0), used: 0, threads: threads)
        content = ContentDirectory(
            directory, threads: threads,
            observer: ContentObserver(space: space, health: HealthRecorder(), logger: quiet))
    }

    private func create() throws -> ContentFile {
        let file = try #require(try content.create(name))
        try file.write(pattern(1 << 20), at: 0)
        return file
    }

    /// Waits until the thread has closed what was let go of.
    private func settle() { threads.barrier(1) }

    @Test("unlinking a closed file frees its space, unlinking a missing one frees nothing")
    func closed() throws {
        defer { threads.shutdown() }
        _ = try create()
        settle()
        #expect(space.account.used == 1 << 20)
        try content.unlink(name)
        try content.unlink(name)
        #expect(space.account.used == 0)
        #expect(content.unlinkedBytes == 0)
    }

    @Test("an open file frees its space when its last descriptor closes, and counts until then")
    func open() throws {
        defer { threads.shutdown() }
        var file: ContentFile? = try create()
        var lease = file?.lease()
        try content.unlink(name)
        file = nil
        settle()
        #expect(space.account.used == 1 << 20)
        #expect(content.unlinkedBytes >= 1 << 20)
        #expect(content.allocated(inShard: 0) == 0)
        #expect(lease.take() != nil)
        settle()
        #expect(file == nil && lease == nil)
        #expect(space.account.used == 0)
        #expect(content.unlinkedBytes == 0)
    }

    @Test("a file that is unlinked while its descriptor waits to be closed frees its room once")
    func closing() throws {
        defer { threads.shutdown() }
        let (gate, opened) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        var file: ContentFile? = try create()
        let other = try #require(try content.create(FileName(key: key(2), generation: 2)))
        try other.write(pattern(1 << 20), at: 0)
        threads.run {
            opened.signal()
            gate.wait()
        }
        opened.wait()
        #expect(file.take() != nil)
        try content.unlink(name)
        gate.signal()
        settle()
        #expect(space.account.used == 1 << 20)
    }

    @Test("an unlinked file is not opened again, though it is still being read")
    func openAgain() throws {
        defer { threads.shutdown() }
        let file = try create()
        try content.unlink(name)
        let error = #expect(throws: StorageError.self) { try content.open(name) }
        #expect(error?.kind == .missing)
        #expect(try file.read(ByteRange(0, 10)) == Array(pattern(1 << 20).prefix(10)))
    }
}

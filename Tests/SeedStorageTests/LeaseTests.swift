import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Synchronization
import Testing

@testable import SeedStorage

@Suite("Leases")
struct LeaseTests {
    @Test(
        "a lease keeps the descriptor open and its number from being reused, after removal and after the file object went"
    )
    func leaseKeepsDescriptor() throws {
        let directory = try TemporaryDirectory()
        let store = try openStore(in: directory)
        var file: ContentFile? = try store.createContent(key(1))
        try file?.write(pattern(100), at: 0)
        let descriptor = try #require(file?.file.descriptor)
        let before = try #require(inode(of: descriptor))
        var lease = file?.lease()
        store.remove(key(1), generation: try #require(file?.generation))
        file = nil
        store.close()

        #expect(inode(of: descriptor) == before)
        let others = (0..<8).map { _ in open("/dev/null", O_RDONLY) }
        #expect(!others.contains(descriptor))
        others.forEach { close($0) }
        #expect(lease?.file.path.isEmpty == false)

        lease = nil
        // Another test may have the number by now.
        #expect(inode(of: descriptor) != before)
    }

    @Test("a removed file can be read through what was leased")
    func removedButReadable() throws {
        try withStore { (store) throws in
            let bytes = pattern(5_000)
            let file = try store.createContent(key(1))
            try file.write(bytes, at: 0)
            store.put(task(key(1), generation: file.generation))
            store.remove(key(1), generation: file.generation)
            #expect(store.flush())
            store.threads.barrier(2)
            #expect(throws: StorageError.self) { try store.openContent(key(1), generation: file.generation) }
            #expect(try file.read(ByteRange(0, 5_000)) == bytes)
        }
    }

    @Test("retire runs its closure at once when no lease is out")
    func retireIdle() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let journal = Journal()
            file.retire { journal.note(1) }
            #expect(journal.all == [1])
        }
    }

    @Test("a retirement waits for the leases taken before it, and not for those taken after it")
    func retireWaits() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let journal = Journal()
            var early: Lease? = file.lease()
            var alsoEarly = early
            file.retire { journal.note(1) }
            let late = file.lease()
            #expect(journal.all == [])
            early = nil
            #expect(journal.all == [])
            alsoEarly = nil
            #expect(journal.all == [1])
            withExtendedLifetime((early, alsoEarly, late)) {}
        }
    }

    @Test("retirements are served in order, whatever the order in which leases are given back")
    func retireOrder() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let journal = Journal()
            var leases: [Lease?] = []
            for number in 0..<3 {
                leases.append(file.lease())
                file.retire { journal.note(number) }
            }
            leases[2] = nil
            leases[1] = nil
            #expect(journal.all == [])
            leases[0] = nil
            #expect(journal.all == [0, 1, 2])
        }
    }

    @Test("a chain of 100,000 retirements comes undone without overflowing the stack")
    func longChain() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let count = Atomic(0)
            var lease: Lease? = file.lease()
            for _ in 0..<100_000 { file.retire { count.add(1, ordering: .relaxed) } }
            #expect(count.load(ordering: .relaxed) == 0)
            lease = nil
            withExtendedLifetime(lease) {}
            #expect(count.load(ordering: .relaxed) == 100_000)
        }
    }

    @Test("a file that is opened again while old leases live still makes a retirement wait for them")
    func reopened() throws {
        try withStore { (store) throws in
            var file: ContentFile? = try store.createContent(key(1))
            let generation = try #require(file?.generation)
            let journal = Journal()
            var lease = file?.lease()
            file?.retire { journal.note(1) }
            file = nil
            let again = try store.openContent(key(1), generation: generation)
            #expect(try store.openContent(key(1), generation: generation) === again)
            again.retire { journal.note(2) }
            #expect(journal.all == [])
            lease = nil
            withExtendedLifetime(lease) {}
            #expect(journal.all == [1, 2])
        }
    }

    @Test("leases and retirements from many threads: each closure runs once, never before an older one")
    func manyThreads() throws {
        try withStore({ $0.threads = 4 }) { (store) throws in
            let file = try store.createContent(key(1))
            let journal = Journal()
            let order = Lock(0)
            for _ in 0..<4 {
                store.threads.run {
                    for _ in 0..<2_000 {
                        let lease = file.lease()
                        order.withLock { next in
                            let number = next
                            next += 1
                            file.retire { journal.note(number) }
                        }
                        withExtendedLifetime(lease) {}
                    }
                }
            }
            store.threads.barrier(4)
            #expect(journal.all == Array(0..<8_000))
        }
    }

    private func inode(of descriptor: CInt) -> UInt64? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}

extension StoreThreads {
    /// Blocks until each of `count` threads has come past here, so everything queued before is done.
    func barrier(_ count: Int) {
        let arrived = Monitor(0)
        for _ in 0..<count {
            run {
                arrived.signal { $0 += 1 }
                arrived.wait { $0 >= count ? .go(()) : .wait(until: nil) }
            }
        }
        arrived.wait { $0 >= count ? .go(()) : .wait(until: nil) }
    }
}

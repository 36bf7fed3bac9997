import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("Content files")
struct ContentFileTests {
    @Test("bytes are read where they were written, in a sparse file that only its owner can read")
    func writeAndRead() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let bytes = pattern(10_000)
            try file.write(bytes, at: 50_000_000_000)
            #expect(try file.read(ByteRange(50_000_000_000, 50_000_010_000)) == bytes)
            #expect(try file.read(ByteRange(50_000_009_000, 50_000_020_000)) == Array(bytes[9_000...]))
            var status = stat()
            #expect(stat(file.file.path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(status.st_blocks * 512 < 1_000_000)
            #expect(file.file.path.hasSuffix("content/00/\(key(1).hex).\(file.generation)"))
        }
    }

    @Test("the checksum of a range is that of its bytes, and a range past the end is an error")
    func checksum() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let bytes = pattern(300_000)
            try file.write(bytes, at: 0)
            let wanted = bytes[1_000..<299_000].withUnsafeBytes { Checksum.crc32($0) }
            #expect(try file.checksum(of: ByteRange(1_000, 299_000)) == wanted)
            #expect(throws: StorageError.self) { try file.checksum(of: ByteRange(0, 300_001)) }
        }
    }

    @Test("punching gives back whole pages and keeps the bytes of pages that are only partly inside")
    func punch() throws {
        try withStore { (store) throws in
            let page = sysconf(Int32(_SC_PAGESIZE))
            let file = try store.createContent(key(1))
            var bytes = pattern(10 * page)
            try file.write(bytes, at: 0)
            _ = fsync(file.file.descriptor)
            let before = blocks(file)
            try file.punch(ByteRange(Int64(page + 1), Int64(5 * page - 1)))
            for position in 2 * page..<4 * page { bytes[position] = 0 }
            #expect(try file.read(ByteRange(0, Int64(10 * page))) == bytes)
            #expect(before - blocks(file) == 2 * page / 512)
            try file.punch(ByteRange(Int64(6 * page + 1), Int64(7 * page)))
            #expect(try file.read(ByteRange(0, Int64(10 * page))) == bytes)
        }
    }

    @Test("bytes just written are resident, and are read without waiting; bytes beyond the end are not")
    func resident() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let bytes = pattern(300_000)
            try file.write(bytes, at: 0)
            #expect(file.isResident(ByteRange(0, 300_000)))
            #expect(file.isResident(ByteRange(5, 5)))
            let buffer = file.readResident(ByteRange(7, 290_000))
            #expect(buffer.map(Array.init) == Array(bytes[7..<290_000]))
            #expect(file.readResident(ByteRange(0, 300_001)) == nil)
            #expect(!file.isResident(ByteRange(0, 600_000)))
        }
    }

    @Test("bytes that have left the page cache are not resident until they are warmed")
    func cold() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let bytes = pattern(300_000)
            try file.write(bytes, at: 0)
            let range = ByteRange(0, 300_000)
            #expect(fsync(file.file.descriptor) == 0)
            #expect(posix_fadvise(file.file.descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0)
            // A file system in memory keeps its pages whatever it is advised.
            guard !file.isResident(range) else { return }
            #expect(file.readResident(range) == nil)
            file.warm(range)
            #expect(file.isResident(range))
            #expect(file.readResident(range) != nil)
        }
    }

    @Test("two threads can send from one file at the same moment")
    func extents() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let bytes = pattern(30)
            try file.write(bytes, at: 0)
            let extent = file.lease().extent(of: ByteRange(10, 30))
            #expect(extent.offset == 10 && extent.count == 20 && extent.descriptor == file.file.descriptor)
            #expect(Extent.file(extent).count == 20)
            let read = Lock<[Bytes]>([])
            let threads = (0..<2).map { number in
                PlatformThread(name: "send-\(number)") {
                    for _ in 0..<100 {
                        let sent = Bytes(unsafeUninitializedCapacity: extent.count) {
                            (try? System.readAll(extent.descriptor, $0, at: extent.offset)) ?? 0
                        }
                        read.withLock { $0.append(sent) }
                    }
                }
            }
            for thread in threads { thread.join() }
            let all = read.withLock { $0 }
            #expect(all.count == 200 && all.allSatisfy { $0 == Bytes(bytes[10...]) })
        }
    }

    @Test("an extent keeps its file open and its bytes unpunched")
    func extentIsLease() throws {
        try withStore { (store) throws in
            var file: ContentFile? = try store.createContent(key(1))
            try file?.write(pattern(8_192), at: 0)
            let journal = Journal()
            var extent = file?.lease().extent(of: ByteRange(0, 8_192))
            file?.retire { journal.note(1) }
            file = nil
            store.threads.barrier(2)
            do {
                let sent = try #require(extent)
                let bytes = Bytes(unsafeUninitializedCapacity: sent.count) {
                    (try? System.readAll(sent.descriptor, $0, at: sent.offset)) ?? 0
                }
                #expect(bytes == Bytes(pattern(8_192)))
            }
            #expect(journal.all.isEmpty)
            extent = nil
            #expect(journal.all == [1])
            #expect(extent == nil)
        }
    }

    @Test("opening a file that is not there says so")
    func missing() throws {
        try withStore { (store) throws in
            let error = #expect(throws: StorageError.self) { try store.openContent(key(9), generation: 3) }
            #expect(error?.kind == .missing)
            #expect(error?.message.contains(key(9).hex) == true)
        }
    }

    @Test("a write that the system refuses names the operation, the path and the reason")
    func refusedWrite() throws {
        try withStore { (store) throws in
            let file = try store.createContent(key(1))
            let error = #expect(throws: StorageError.self) { try file.write([1], at: Int64.max - 1) }
            #expect(error?.systemError == EFBIG || error?.systemError == EINVAL)
            #expect(error?.message.contains(file.file.path) == true)
        }
    }

    private func blocks(_ file: ContentFile) -> Int {
        var status = stat()
        return fstat(file.file.descriptor, &status) == 0 ? Int(status.st_blocks) : -1
    }
}

import EventLoops
import SeedSupport
import Testing

@testable import HTTPServer

@Suite("Which call sends what")
struct ExtentQueueTests {
    private final class Lease: Sendable {}

    private static func memory(_ count: Int) -> Extent { .bytes(Pattern.bytes(count)) }

    private static func file(_ count: Int) -> Extent {
        .file(FileExtent(descriptor: 7, offset: 1_000, count: count, lease: Lease()))
    }

    private static func queue(_ extents: Extent...) -> ExtentQueue {
        var queue = ExtentQueue()
        for extent in extents { append(extent, to: &queue) }
        return queue
    }

    private static func append(_ extent: Extent, to queue: inout ExtentQueue) {
        switch extent {
        case .bytes(let bytes): queue.append(bytes)
        case .leased(let bytes, let lease): queue.append(bytes, lease: lease)
        case .file(let file): queue.append(file)
        }
    }

    /// One word for each call until the queue is empty.
    private func calls(_ queue: ExtentQueue, limit: Int = .max) -> [String] {
        var (queue, calls) = (queue, [String]())
        while let step = queue.next(limit: limit) {
            switch step {
            case .gather(let pieces, let count, let more):
                calls.append("gather \(pieces) \(count)\(more ? " more" : "")")
                queue.consume(count)
            case .sendFile(_, let offset, let count):
                calls.append("file \(offset) \(count)")
                queue.consume(count)
            }
        }
        return calls
    }

    @Test("Head and body in memory leave by one call, whatever the length")
    func memory() {
        for count in [1, 4_096, 65_536, 8 << 20] {
            #expect(calls(Self.queue(Self.memory(400), Self.memory(count))) == ["gather 2 \(400 + count)"])
        }
    }

    @Test("A head waits in the kernel for a short part of a file, not for a long one")
    func files() {
        #expect(calls(Self.queue(Self.memory(400), Self.file(4_096))) == ["gather 1 400 more", "file 1000 4096"])
        #expect(calls(Self.queue(Self.memory(400), Self.file(32_768))) == ["gather 1 400 more", "file 1000 32768"])
        #expect(calls(Self.queue(Self.memory(400), Self.file(32_769))) == ["gather 1 400", "file 1000 32769"])
        #expect(calls(Self.queue(Self.memory(400), Self.file(1 << 20))) == ["gather 1 400", "file 1000 1048576"])
    }

    @Test(
        "A short body leaves out of memory, a shorter one also when it has to be copied there, a long one out of the file",
        arguments: [
            (1 as Int64, ExtentSource.copy), (8_192, .copy), (8_193, .memory), (16_383, .memory), (16_384, .file),
            (8 << 20, .file),
        ] as [(Int64, ExtentSource)])
    func sources(count: Int64, source: ExtentSource) {
        #expect(SendStrategy.source(ofBody: count) == source)
    }

    @Test("No call passes the limit of a turn, nor the number of pieces")
    func limits() {
        let two = Self.queue(Self.memory(10), Self.memory(10))
        #expect(calls(two, limit: 8) == ["gather 1 8", "gather 2 8", "gather 1 4"])
        #expect(calls(two, limit: 15) == ["gather 2 15", "gather 1 5"])
        #expect(calls(Self.queue(Self.file(10)), limit: 6) == ["file 1000 6", "file 1006 4"])
        var queue = ExtentQueue()
        for _ in 0..<100 { queue.append(Pattern.bytes(1)) }
        #expect(calls(queue) == ["gather 64 64", "gather 36 36"])
    }

    @Test("Whatever a call takes, the rest follows in order, to the byte")
    func partial() {
        let parts = [Pattern.bytes(5), Pattern.bytes(1), Pattern.bytes(9), Pattern.bytes(100)]
        let whole = parts.flatMap { Array($0) }
        for taken in 1...115 {
            var queue = ExtentQueue()
            for part in parts { queue.append(part) }
            var left: [UInt8] = []
            while case .gather(let pieces, let count, _)? = queue.next(limit: .max) {
                withUnsafeTemporaryAllocation(of: IOVector.self, capacity: pieces) { vectors in
                    queue.locate(pieces, count: count, into: vectors)
                    let all = vectors.flatMap { Array(UnsafeRawBufferPointer(start: $0.base, count: $0.count)) }
                    left += all.prefix(taken)
                }
                queue.consume(min(taken, count))
            }
            #expect(left == whole, "\(taken) at once")
            #expect(queue.isEmpty && queue.count == 0)
        }
    }

    @Test("A queue that is never empty takes memory for what waits, not for what has left")
    func neverEmpty() {
        var queue = ExtentQueue()
        queue.append(Pattern.bytes(10))
        for _ in 0..<100_000 {
            queue.append(Pattern.bytes(10))
            queue.consume(10)
        }
        #expect(queue.count == 10 && queue.capacity < 1_000)
    }

    @Test("A head that nothing waits before is sent from its buffer, another one from a copy of its size")
    func heads() {
        var queue = ExtentQueue()
        var (first, second): (HeadBuffer?, HeadBuffer?) = (HeadBuffer(capacity: 2_048), HeadBuffer(capacity: 2_048))
        weak let (weakFirst, weakSecond) = (first, second)
        queue.append(first!, count: 10)
        queue.append(second!, count: 10)
        (first, second) = (nil, nil)
        #expect(weakFirst != nil && weakSecond == nil)
        #expect(calls(queue) == ["gather 2 20"])
    }

    @Test("Empty parts are left out, and a lease is let go of with its last byte")
    func leases() {
        var lease: Lease? = Lease()
        weak let weakLease = lease
        var queue = ExtentQueue()
        queue.append(Bytes())
        #expect(queue.isEmpty)
        queue.append(Pattern.bytes(10), lease: lease)
        queue.append(Pattern.bytes(10))
        lease = nil
        queue.consume(9)
        #expect(weakLease != nil)
        queue.consume(1)
        #expect(weakLease == nil && queue.count == 10)
    }
}

@Suite("Framing of responses")
struct ResponseWriterTests {
    private func begun(_ body: ResponseBody, isHead: Bool = false, minorVersion: Int = 1) -> ResponseWriter {
        var writer = ResponseWriter()
        var head = HeadBytes()
        head.append(Pattern.bytes(100))
        writer.begin(head, ResponseFraming(body, status: 200, isHead: isHead, minorVersion: minorVersion))
        return writer
    }

    /// Whether each part could be sent.
    private func send(_ counts: [Int], by writer: inout ResponseWriter) -> [Bool] {
        counts.map { writer.send(Pattern.bytes($0)) }
    }

    @Test("Never more bytes than were promised, and never fewer")
    func promise() {
        var writer = begun(.length(10))
        let tooMany = send([4, 7], by: &writer)
        let tooFew = writer.end()
        #expect(tooMany == [true, false] && !tooFew)
        #expect(writer.queued == 104 && writer.bodyBytes == 4)
        let rest = send([6], by: &writer)
        let ended = writer.end()
        #expect(rest == [true] && ended)
        var none = begun(.none)
        let more = send([1], by: &none)
        let endOfNone = none.end()
        #expect(more == [false] && endOfNone)
    }

    @Test("The body of a response to HEAD is dropped", arguments: [ResponseBody.none, .length(10), .streamed])
    func head(_ body: ResponseBody) {
        var writer = begun(body, isHead: true)
        let sent = send([10], by: &writer)
        let ended = writer.end()
        #expect(sent == [true] && ended && writer.queued == 100)
    }

    @Test("Chunks have their frames, an empty one isn't sent, and the last one is")
    func chunks() {
        var writer = begun(.streamed)
        _ = send([0], by: &writer)
        #expect(writer.queued == 100)
        _ = send([10], by: &writer)
        #expect(writer.queued == 100 + 3 + 10 + 2)
        _ = writer.end()
        #expect(writer.queued == 100 + 15 + 5)
        var plain = begun(.streamed, minorVersion: 0)
        _ = send([10], by: &plain)
        let ended = plain.end()
        #expect(ended && plain.queued == 110)
    }
}

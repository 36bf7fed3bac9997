import DragonflyIdentity
import SeedSupport
import Testing

@testable import SeedStorage

@Suite("Group commit")
struct WriteQueueTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)
    private func time(_ milliseconds: Int64) -> MonotonicTime { start + .milliseconds(milliseconds) }
    private func file(_ number: Int) -> FileName { FileName(key: key(number), generation: 1) }

    @Test("a record is committed 10 ms after it was put, with all that came meanwhile")
    func group() {
        var queue = WriteQueue(limit: 1_000)
        #expect(queue.put(task(key(1), generation: 1), now: time(0)) == true)
        #expect(queue.put(task(key(2), generation: 1), now: time(5)) == false)
        #expect(queue.next(now: time(9)).wait == time(10))
        #expect(queue.next(now: time(10)).batch?.count == 2)
        #expect(queue.pending.isEmpty)
    }

    @Test("a lazy record waits for the next commit, at the latest 2 s")
    func lazy() {
        var queue = WriteQueue(limit: 1_000)
        #expect(queue.put(piece(0), of: file(1), urgency: .lazy, now: time(0)) == true)
        #expect(queue.next(now: time(1_999)).wait == time(2_000))
        #expect(queue.put(piece(1), of: file(1), urgency: .soon, now: time(100)) == true)
        #expect(queue.next(now: time(110)).batch?.count == 2)
        #expect(queue.put(piece(1), of: file(1), urgency: .lazy, now: time(200)) == true)
        #expect(queue.next(now: time(2_200)).batch?.count == 1)
    }

    @Test("256 records are committed at once")
    func full() {
        var queue = WriteQueue(limit: 1_000)
        for number in 0..<255 { _ = queue.put(piece(number), of: file(1), urgency: .lazy, now: time(0)) }
        #expect(queue.next(now: time(0)).wait != nil)
        #expect(queue.put(piece(255), of: file(1), urgency: .lazy, now: time(0)) == true)
        #expect(queue.next(now: time(0)).batch?.count == 256)
    }

    @Test("a failed batch is tried again later, under the newer values that came meanwhile")
    func retry() {
        var queue = WriteQueue(limit: 1_000)
        _ = queue.put(piece(0, present: BlockSet([0])), of: file(1), urgency: .soon, now: time(0))
        _ = queue.put(piece(1, present: BlockSet([0])), of: file(1), urgency: .soon, now: time(0))
        _ = queue.put(task(key(2), generation: 1), now: time(0))
        _ = queue.next(now: time(10))
        _ = queue.put(piece(0, present: BlockSet([1])), of: file(1), urgency: .soon, now: time(11))
        _ = queue.remove(file(2), now: time(11))
        queue.failed(now: time(20))
        #expect(queue.next(now: time(119)).wait == time(120))
        let batch = queue.next(now: time(120)).batch
        #expect(batch?.pieces[file(1)]?[0]?.present == BlockSet([1]))
        #expect(batch?.pieces[file(1)]?[1]?.present == BlockSet([0]))
        #expect(batch?.tasks.isEmpty == true && batch?.removedFiles == [file(2)] && batch?.count == 3)
        queue.failed(now: time(130))
        #expect(queue.next(now: time(131)).wait == time(330))
    }

    @Test("a flush is one attempt, made at once: it tells success from failure")
    func flush() {
        var queue = WriteQueue(limit: 1_000)
        #expect(queue.outcome(of: queue.flush()) == true)
        _ = queue.put(task(key(1), generation: 1), now: time(0))
        let first = queue.flush()
        #expect(queue.outcome(of: first) == nil)
        #expect(queue.next(now: time(0)).batch?.count == 1)
        #expect(queue.outcome(of: queue.flush()) == nil)
        queue.failed(now: time(1))
        #expect(queue.outcome(of: first) == false)
        let second = queue.flush()
        #expect(queue.next(now: time(1)).batch?.count == 1)
        queue.succeeded()
        #expect(queue.outcome(of: second) == true)
    }

    @Test("what no commit can take is bounded: further records are dropped, newer values and removals are not")
    func bounded() {
        var queue = WriteQueue(limit: 2)
        #expect(queue.put(piece(0), of: file(1), urgency: .soon, now: time(0)) != nil)
        #expect(queue.put(task(key(1), generation: 1), now: time(0)) != nil)
        #expect(queue.put(piece(1), of: file(1), urgency: .soon, now: time(0)) == nil)
        #expect(queue.put(task(key(2), generation: 1), now: time(0)) == nil)
        #expect(queue.put(piece(0), of: file(1), urgency: .soon, now: time(0)) != nil)
        #expect(queue.put(task(key(1), generation: 2), now: time(0)) != nil)
        _ = queue.remove(file(3), now: time(0))
        #expect(queue.pending.count == 3)
    }

    @Test("a queue that stops writes what it has, once, and is finished")
    func stop() {
        var queue = WriteQueue(limit: 10)
        _ = queue.put(piece(0), of: file(1), urgency: .lazy, now: time(0))
        queue.stop()
        #expect(queue.next(now: time(0)).batch?.count == 1)
        queue.failed(now: time(1))
        guard case .finish = queue.next(now: time(1)) else { return #expect(Bool(false), "did not finish") }
    }

    @Test("a removal takes the waiting records of its generation with it, and only those")
    func removal() {
        var writes = PendingWrites()
        writes.put(task(key(1), generation: 1))
        writes.put(piece(0), of: FileName(key: key(1), generation: 1))
        writes.put(piece(0), of: FileName(key: key(1), generation: 2))
        writes.remove(FileName(key: key(1), generation: 1))
        writes.put(piece(1), of: FileName(key: key(1), generation: 1))
        writes.put(task(key(1), generation: 1))
        #expect(writes.tasks.isEmpty && Array(writes.pieces.keys) == [FileName(key: key(1), generation: 2)])
        writes.put(task(key(1), generation: 2))
        writes.put(task(key(1), generation: 2))
        #expect(writes.tasks[key(1)]?.generation == 2)
        #expect(writes.count == 3)
    }
}

extension WriteQueue.Step {
    fileprivate var batch: PendingWrites? {
        if case .commit(let batch) = self { batch } else { nil }
    }

    fileprivate var wait: MonotonicTime? {
        if case .wait(let time) = self { time } else { nil }
    }
}

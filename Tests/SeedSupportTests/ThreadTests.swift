import SeedSupport
import Testing

@Suite struct ThreadTests {
    @Test func theLockLetsOneInAtATime() {
        let count = Lock(0)
        let threads = (0..<4).map { number in
            PlatformThread(name: "count-\(number)") { for _ in 0..<10_000 { count.withLock { $0 += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(count.withLock { $0 } == 40_000)
    }

    @Test func theLockLetsGoOfItsState() {
        final class Thing: Sendable {}
        weak var kept: Thing?
        do {
            let lock = Lock(Thing())
            kept = lock.withLock { $0 }
            #expect(kept != nil)
        }
        #expect(kept == nil)
    }

    @Test func errorsLeaveTheLock() {
        let lock = Lock(1)
        #expect(throws: Errno.again) { try lock.withLock { _ throws(Errno) in throw Errno.again } }
        #expect(lock.withLock { $0 } == 1)
    }

    @Test func aThreadMayJoinItself() {
        let own = Monitor<PlatformThread?>(nil)
        let isOver = Monitor(false)
        let thread = PlatformThread(name: "self") {
            let own = own.wait { $0.take().map { .go($0) } ?? .wait(until: nil) }
            own.join()
            isOver.signal { $0 = true }
        }
        own.signal { $0 = thread }
        isOver.wait { $0 ? .go(()) : .wait(until: nil) }
        thread.join()
    }

    @Test func theMonitorWaitsForASignalOrItsDeadline() {
        let monitor = Monitor(0)
        let thread = PlatformThread(name: "signal") { monitor.signal { $0 = 7 } }
        #expect(monitor.wait { $0 == 7 ? .go($0) : .wait(until: nil) } == 7)
        thread.join()
        let deadline = MonotonicTime.now() + .milliseconds(20)
        let isLate = monitor.wait { _ in MonotonicTime.now() >= deadline ? .go(true) : .wait(until: deadline) }
        #expect(isLate)
    }

    @Test func oneWakeUpForManyMessages() {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.post(1) == .mustWake)
        #expect(mailbox.post(2) == .queued)
        #expect(mailbox.takeAll() == [1, 2])
        #expect(mailbox.takeAll().isEmpty)
        #expect(mailbox.post(3) == .mustWake)
        #expect(mailbox.close() == [3])
        #expect(mailbox.post(4) == .refused)
        #expect(mailbox.takeAll().isEmpty)
    }
}
